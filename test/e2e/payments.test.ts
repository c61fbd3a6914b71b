import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { PaymentsEvent } from "../../lambdas/payments/event.ts";
import type { PaymentsResponse } from "../../lambdas/payments/handler.ts";
import type { Mode } from "../../lib/mode/mode.ts";
import { noTerminal, segue, startOnTerminal } from "../support/segue-command.ts";
import { openPayments, type PaymentsCloud } from "../support/payments-cloud.ts";

/** Wall milliseconds after which a test gives up on what should have happened by then. */
const PATIENCE_MS = 20_000;

const card = { number: "4242424242424242", expiry: "12/29", securityCode: "987" };
const eur = (minorUnits: number) => ({ minorUnits, currency: "EUR" }) as const;
const paymentId = "p-1";

describe("the payments migration, on the local cloud", () => {
  let example: PaymentsCloud;
  before(async () => {
    // The versions disagree here, often and on purpose.
    example = await openPayments({ guard: false });
    // A payment that both services have, under names of their own.
    for (const { ledger } of [example.v1, example.v2]) {
      ledger.pay({
        customerId: "probe",
        paymentId,
        key: "probe",
        amount: { minorUnits: 1n, currency: "EUR" },
        cardNumber: undefined,
        moveMoney: false,
      });
    }
  });
  after(() => example?.close());

  const ask = (event: PaymentsEvent): Promise<PaymentsResponse> =>
    example.invoke(example.outputs["FunctionName"]!, event);
  const pay = (customerId: string, minorUnits = 1250) =>
    ask({ action: "pay", order: { customerId, paymentId, amount: eur(minorUnits), card } });
  const refund = (customerId: string, refundId: string) =>
    ask({ action: "refund", refund: { customerId, paymentId, refundId, amount: eur(250) } });
  const repair = (): Promise<any> => example.invoke(example.outputs["RepairFunctionName"]!, {});

  /** Has the repair function run until nothing of the customer is left; a pass of the schedule may be at it. */
  async function repaired(customerId: string): Promise<void> {
    await example.makeRepairsDue();
    const startedAt = Date.now();
    do {
      await repair();
      assert.ok(Date.now() - startedAt < PATIENCE_MS, `${customerId} is not repaired in time`);
    } while ((await example.repairStates(customerId)).length > 0);
    assert.deepEqual(books("v1", customerId), books("v2", customerId));
  }

  /** Runs the command. */
  const operator = (...args: string[]) => segue(args, { ...example.cloud.environment });

  const moved = (version: "v1" | "v2", customerId: string) =>
    example[version].ledger.movements
      .filter((movement) => movement.customerId === customerId)
      .map(({ minorUnits }) => Number(minorUnits));
  const books = (version: "v1" | "v2", customerId: string) =>
    example[version].ledger
      .paymentsOf(customerId)
      .map(({ amount, refunds }) => ({ amount, refunds }));

  /** Deploys a mode, and lets callers read until it is in force. */
  async function move(mode: Mode): Promise<void> {
    // The gate has tests of its own; here there is no time to bring it the evidence.
    const override = "a look at each mode";
    await example.deploy(JSON.stringify({ mode, sample: { matches: 1 }, override }));
    const answers = mode === "old" || mode === "shadow" ? "v1" : "v2";
    const other = answers === "v1" ? "v2" : "v1";
    const both = mode === "shadow" || mode === "reverse-shadow";
    const { receipt } = example[answers].ledger.existing({ customerId: "probe", paymentId });
    const startedAt = Date.now();
    for (;;) {
      const had = example[other].requestCount();
      const { payments } = await ask({ action: "payments-of", customerId: "probe" });
      const secondaries = example[other].requestCount() - had;
      if (payments![0]!.receipt === receipt && secondaries === Number(both)) return;
      assert.ok(Date.now() - startedAt < PATIENCE_MS, `not in ${mode} in time`);
    }
  }

  async function withFault(
    version: "v1" | "v2",
    fault: Parameters<PaymentsCloud["v1"]["inject"]>[0],
    look: () => Promise<unknown>,
  ) {
    const mend = example[version].inject(fault);
    try {
      await look();
    } finally {
      mend();
    }
  }

  it("old: V1 alone takes payments", async () => {
    const { payments } = await pay("c-old");
    assert.deepEqual(payments?.[0]?.amount, eur(1250));
    assert.deepEqual(moved("v1", "c-old"), [1250]);
    assert.deepEqual(books("v2", "c-old"), []);
    assert.deepEqual(await ask({ action: "payments-of", customerId: ".." }), {
      refused: "invalid",
    });
    assert.deepEqual(await example.records(), []);
  });

  it("shadow: V1 takes payments, V2 keeps the books, and a payment that V2 lacks is seen", async () => {
    await move("shadow");
    await pay("c-shadow");
    await pay("c-shadow");
    await refund("c-shadow", "r-1");
    assert.deepEqual(moved("v1", "c-shadow"), [1250, -250]);
    assert.deepEqual(moved("v2", "c-shadow"), []);
    assert.deepEqual(books("v2", "c-shadow"), books("v1", "c-shadow"));
    assert.deepEqual(await example.repairStates("c-shadow"), []);
    assert.deepEqual(await pay("c-shadow", 9900), { refused: "key-reused" });

    await ask({ action: "payments-of", customerId: "c-old" });
    const outcomes = (await example.records()).map(({ operation, outcome, signature }) =>
      [operation, outcome, signature].join(" "),
    );
    assert.ok(outcomes.includes("paymentsOf mismatch $[*] missing"), outcomes.join("; "));
    assert.equal(outcomes.filter((text) => text.startsWith("pay ignored")).length, 2);
    assert.equal(outcomes.filter((text) => text.startsWith("refund ignored")).length, 1);
  });

  it("V2 is down: the caller has V1's answer, and the repair function does the rest", async () => {
    await withFault("v2", { before: "error" }, async () => {
      assert.equal((await pay("c-down")).payments?.[0]?.status, "paid");
    });
    assert.deepEqual(await example.repairStates("c-down"), ["secondary-failed"]);
    const [report] = await repair();
    assert.deepEqual([report.done, report.pending], [0, 0], "not before it is due");
    assert.match(
      (await operator("repair", "payments")).stdout,
      /^pay {2}pay:c-down:p-1 .*\n +secondary-failed, under way/m,
    );
    await example.makeRepairsDue();
    const { code, stdout } = await operator("repair", "payments", "--run", "--yes");
    assert.equal(code, 0);
    assert.match(stdout, /^[01] done, 0 failed, /);
    await repaired("c-down");
    assert.deepEqual([moved("v1", "c-down"), moved("v2", "c-down")], [[1250], []]);
  });

  it("what V2 lacked is replayed, and agrees once V2 has it; a write is made again under its key", async () => {
    const replay = async (...args: string[]) => {
      const { code, stdout, stderr } = await operator("replay", ...args, "--since", "5m", "--json");
      assert.equal(code, 0, stderr);
      return JSON.parse(stdout);
    };
    const unmended = await replay("--operation", "paymentsOf");
    assert.deepEqual([unmended.records, unmended.totals["differs-as-before"]], [1, 1]);
    const amount = { minorUnits: 1250n, currency: "EUR" as const };
    const given = { customerId: "c-old", paymentId, amount, cardNumber: undefined };
    example.v2.ledger.pay({ ...given, key: "pay:c-old:p-1", moveMoney: false });
    assert.equal((await replay("--operation", "paymentsOf")).totals.agrees, 1);

    const moves = moved("v1", "c-shadow");
    const write = ["--outcome", "ignored", "--operation", "refund"];
    const reads = await replay(...write);
    assert.match(reads.groups[0].verdict.why, /with --writes alone/);
    const writes = await replay(...write, "--writes", "--yes");
    assert.deepEqual([writes.records, writes.totals.agrees], [1, 1]);
    assert.deepEqual(moved("v1", "c-shadow"), moves);
    const cards = await replay("--outcome", "ignored", "--operation", "pay", "--writes", "--yes");
    assert.match(cards.groups[0].verdict.why, /arguments are redacted/);
  });

  it("writes are not made again after a no", { skip: noTerminal }, async () => {
    const calls = example.v1.requestCount() + example.v2.requestCount();
    const asked = startOnTerminal(
      ["replay", "payments", "--since", "5m", "--outcome", "ignored", "--writes"],
      { ...example.cloud.environment },
    );
    await asked.says("records, writes included?");
    asked.child.stdin!.write("n");
    const { code, stdout } = await asked.ended;
    assert.equal(code, 5, stdout);
    assert.equal(example.v1.requestCount() + example.v2.requestCount(), calls);
  });

  it("a payment on which the books disagree is a person's to settle, by its id", async () => {
    const amount = { minorUnits: 999n, currency: "EUR" as const };
    const wrong = { customerId: "c-books", paymentId, amount, cardNumber: undefined };
    example.v2.ledger.pay({ ...wrong, key: "another", moveMoney: false });
    await pay("c-books");
    assert.deepEqual(await example.repairStates("c-books"), ["secondary-failed"]);
    const settle = (...args: string[]) => operator("repair", "payments", ...args);
    const [{ id } = assert.fail()] = JSON.parse((await settle("--json")).stdout).repairs;
    assert.match(
      (await settle()).stdout,
      new RegExp(`pay:c-books:p-1 .*\n.*\n +--id '${id}'$`, "m"),
    );
    const early = await settle("--id", id, "--run", "--yes");
    assert.deepEqual([early.code, /left: .* under way until/.test(early.stdout)], [1, true]);
    await example.makeRepairsDue();
    assert.match(
      (await settle("--id", id)).stdout,
      /key +pay:c-books:p-1\n +state +secondary-fail/,
    );
    /** A pass of the schedule may be at it, and then it is left alone. */
    const settled = async (...args: string[]) => {
      for (;;) {
        const ended = await settle("--id", id, ...args, "--yes");
        if (!ended.stdout.includes("another pass is at work")) return ended;
      }
    };
    const run = await settled("--run");
    assert.deepEqual([run.code, /^failed: the repair failed$/m.test(run.stdout)], [1, true]);
    const dismissed = await settled("--dismiss", "the books are put right");
    assert.deepEqual([dismissed.code, /^dismissed$/m.test(dismissed.stdout)], [0, true]);
    assert.deepEqual(await example.repairStates("c-books"), []);
    assert.match(example.logged.join("\n"), /repair dismissed.*c-books.*the books are put right/);
    assert.match((await settle("--id", id)).stderr, /no repair .* any more/);
  });

  it("V1 breaks the connection when it has charged: the caller may try again, and is charged once", async () => {
    await withFault("v1", { after: "reset" }, async () => {
      await assert.rejects(pay("c-reset"), /Unhandled/);
    });
    assert.deepEqual(await example.repairStates("c-reset"), ["ambiguous"]);
    assert.deepEqual(books("v2", "c-reset"), []);
    await repaired("c-reset");
    assert.equal((await pay("c-reset")).payments?.[0]?.status, "paid");
    assert.deepEqual([moved("v1", "c-reset"), moved("v2", "c-reset")], [[1250], []]);
  });

  it("the function is killed when V1 has charged: the repair function does the rest", async () => {
    const fault = { after: async () => example.killFunction() };
    await withFault("v1", fault, () => assert.rejects(pay("c-killed"), /signal: killed/));
    assert.deepEqual(books("v2", "c-killed"), []);
    assert.deepEqual(await example.repairStates("c-killed"), ["intended"]);
    await repaired("c-killed");
    assert.deepEqual([moved("v1", "c-killed"), moved("v2", "c-killed")], [[1250], []]);
  });

  it("V1 never had the write that the function was killed in: nobody is charged for it", async () => {
    const fault = {
      before: async () => {
        example.killFunction();
        throw new Error("the connection is gone");
      },
    };
    await withFault("v1", fault, () => assert.rejects(pay("c-lost"), /signal: killed/));
    assert.deepEqual(await example.repairStates("c-lost"), ["intended"]);
    await repaired("c-lost");
    assert.deepEqual([books("v1", "c-lost"), books("v2", "c-lost")], [[], []]);
  });

  it("reverse-shadow: V2 takes payments, V1 keeps the books, and an old try charges nobody", async () => {
    await move("reverse-shadow");
    await pay("c-reverse");
    assert.deepEqual([moved("v1", "c-reverse"), moved("v2", "c-reverse")], [[], [1250]]);
    assert.deepEqual(books("v1", "c-reverse"), books("v2", "c-reverse"));
    await pay("c-shadow");
    assert.deepEqual(moved("v2", "c-shadow"), []);
    await withFault("v1", { before: "reset" }, () => refund("c-reverse", "r-1"));
    assert.deepEqual(await example.repairStates("c-reverse"), ["secondary-failed"]);
    await repaired("c-reverse");
  });

  it("new: V2 alone takes payments", async () => {
    await move("new");
    await pay("c-new");
    assert.deepEqual([moved("v1", "c-new"), moved("v2", "c-new")], [[], [1250]]);
    assert.deepEqual(books("v1", "c-new"), []);
  });

  it("has nothing of a card in the table or in the log, and has printed what it did", async () => {
    const written = JSON.stringify([await example.records(), example.logged]);
    assert.match(written, /c-shadow/);
    assert.doesNotMatch(written, /4242424242424242|12\/29|"987"/);
    assert.equal(example.printed("RepairsDone"), 5);
    assert.equal(example.printed("RepairsDiverted"), 0);
    assert.equal((await example.repairs()).length, 0);
  });
});
