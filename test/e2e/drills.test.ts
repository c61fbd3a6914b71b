import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { expectedAnswers } from "../../lib/demo/data.ts";
import type { Fault } from "../../lib/local/gateway.ts";
import type { ModeDocument } from "../../lib/mode/mode-document.ts";
import { readComparisons } from "../../lib/records/reader.ts";
import { currentDocument } from "../../lib/rollout/current.ts";
import { hasEnded, listDeployments } from "../../lib/rollout/deployments.ts";
import { deploymentProgress } from "../../lib/rollout/follow.ts";
import { deploy, promote } from "../../lib/rollout/move.ts";
import { documentInForce } from "../../lib/rollout/present-mode.ts";
import type { GuardReport } from "../../lib/rollout/rollback-guard.ts";
import { openExample, type Example } from "../support/example-cloud.ts";

/** Wall milliseconds after which a drill gives up on what should have happened by then. */
const PATIENCE_MS = 40_000;

const MERCHANTS = [...expectedAnswers.keys()];

/** Each drill leaves the migration in a mode of which the next one goes on; in all of them no caller fails. */
describe("failure drills, on the local cloud", () => {
  let example: Example;
  before(async () => {
    example = await openExample();
    await example.backfill();
  });
  after(() => example?.close());

  /** Lets callers come until something is so. Each must get the right answer. */
  async function callersUntil(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
    const startedAt = Date.now();
    do {
      for (const merchant of MERCHANTS) await example.request(merchant);
      assert.ok(Date.now() - startedAt < PATIENCE_MS, `not in time: ${what}`);
    } while (!(await isSo()));
  }

  /** Lets something be broken for as long as a drill looks at it. */
  async function broken(fault: Fault, look: () => Promise<void>): Promise<void> {
    const mend = example.cloud.inject(fault);
    try {
      await look();
    } finally {
      mend();
    }
  }

  const v2IsBroken = (): Fault => ({
    service: "dynamodb",
    when: ({ body }) => body.includes(example.outputs["PendingPaymentsTable"]!),
    respond: () => dynamodbError("com.amazon.coral.service#AccessDeniedException"),
  });

  /** Unlike failures, wrong answers never open the breaker. */
  const v2IsEmpty = (): Fault => ({
    ...v2IsBroken(),
    respond: () => ({
      status: 200,
      headers: { "content-type": "application/x-amz-json-1.0" },
      body: '{"Items":[],"Count":0,"ScannedCount":0}',
    }),
  });

  const inForce = async () => (await documentInForce(example.target))?.mode;
  const alarmState = () => example.cloud.cloudWatch.alarmState(example.unhealthyArn);

  /** Past the gate, since what is deployed is not the matter of these drills. */
  async function deployGradually(document: ModeDocument): Promise<number> {
    const { target } = example;
    const { document: from, latestDeployment } = await currentDocument(target);
    const { deploymentNumber } = await deploy(target, {
      from,
      to: { ...document, override: "a drill" },
      strategyId: target.gradualStrategyId,
      latestDeployment,
      description: "a drill",
    });
    return deploymentNumber;
  }

  async function bringInto(mode: "shadow" | "reverse-shadow"): Promise<void> {
    await example.deploy(JSON.stringify({ mode, sample: { matches: 1 }, override: "a drill" }));
    await served(mode);
  }

  /** What is in force reaches callers a little later: until then they may go by the document before. */
  async function served(mode: "shadow" | "reverse-shadow"): Promise<void> {
    const from = Date.now();
    await callersUntil(`served ${mode}`, async () => (await modesSince(from)).has(mode));
  }

  /** The modes in which calls were compared since a wall time. */
  async function modesSince(from: number): Promise<Set<string>> {
    const modes = new Set<string>();
    const { dynamodb: client, outputs } = example;
    const query = { client, table: outputs["RecordsTable"]!, migration: "customer-ids" };
    for await (const { mode } of readComparisons({ ...query, from, to: Date.now() })) {
      modes.add(mode);
    }
    return modes;
  }

  async function deploymentNumbers(): Promise<number[]> {
    const numbers = [];
    for await (const { number } of listDeployments(example.target)) numbers.push(number);
    return numbers;
  }

  /** What happened in a deployment and who did it, oldest first, as the console shows it. */
  async function trail(number: number): Promise<string[]> {
    const { events } = await deploymentProgress(example.target, number);
    return events.map(({ EventType, TriggeredBy }) => `${EventType} by ${TriggeredBy}`);
  }

  /** What the guard has said it did. */
  const guardReports = (): GuardReport[] =>
    example.logged
      .filter((line) => line.includes("segue: guard: "))
      .map((line) => JSON.parse(line) as GuardReport);

  /** Records that are in the table, or whole in the log. */
  function recordsKept(): number {
    return example.printed("RecordsStored") + example.printed("RecordsDiverted");
  }

  it("two operators promote at once: the migration goes on by one mode, and one of them is told", async () => {
    const tries = await Promise.allSettled([promote(example.target), promote(example.target)]);
    const refusals = tries.filter((one) => one.status === "rejected");
    assert.equal(refusals.length, 1);
    // Whoever comes a little later is asked for evidence of the mode that the other one began.
    assert.match(
      String(refusals[0]!.reason),
      /ConflictException: .*[Ll]atest|comparisons: wanted at least/,
    );
    assert.equal(await inForce(), "shadow");
    assert.deepEqual(await deploymentNumbers(), [2, 1]);
    assert.deepEqual(await trail(2), [
      "DEPLOYMENT_STARTED by USER",
      "PERCENTAGE_UPDATED by APPCONFIG",
      "DEPLOYMENT_COMPLETED by APPCONFIG",
    ]);
  });

  it("bad documents come from the console: none is deployed, and each refusal says why", async () => {
    const numbers = await deploymentNumbers();
    const refusals: [text: string, why: RegExp][] = [
      ["{}", /mode/],
      ['{"mode":"shadow","sample":{"matches":7}}', /matches/],
      ['{"mode":"new"}', /one mode at a time/],
      [
        '{"mode":"reverse-shadow"}',
        /comparisons: wanted at least 60, measured \d+\. Advice: .*"override"/s,
      ],
    ];
    for (const [text, why] of refusals) await assert.rejects(example.deploy(text), why, text);
    assert.deepEqual(await deploymentNumbers(), numbers);
    assert.equal(await inForce(), "shadow");
    await callersUntil("callers served", () => true);
  });

  it("an alarm during a rollout: AppConfig takes it back, and the guard takes no step more", async () => {
    await bringInto("shadow");
    const reports = guardReports().length;
    const number = await deployGradually({ mode: "reverse-shadow", sample: { matches: 1 } });
    await callersUntil("some have the new mode", async () => {
      return (await deploymentProgress(example.target, number)).percent > 0;
    });
    await broken(v2IsBroken(), () =>
      callersUntil("an end", async () =>
        hasEnded((await deploymentProgress(example.target, number)).state),
      ),
    );
    await callersUntil("the guard has its say", () => guardReports().length > reports);
    const events = await trail(number);
    assert.equal(events[0], "DEPLOYMENT_STARTED by USER");
    // Both watch the alarm. The guard is a user to AppConfig.
    assert.match(events.at(-2)!, /^ROLLBACK_STARTED by (?:CLOUDWATCH_ALARM|USER)$/);
    assert.equal(events.at(-1), "ROLLBACK_COMPLETED by APPCONFIG");
    const isGuards = events.at(-2)!.endsWith("USER");
    assert.equal(
      guardReports().at(-1)!.did,
      isGuards ? "stopped a promotion" : "nothing",
      JSON.stringify(guardReports().at(-1)),
    );
    assert.equal(await inForce(), "shadow");
  });

  it("an alarm after the bake: the guard goes back one mode, and says from where to where", async () => {
    await callersUntil("no alarm", () => alarmState() === "OK");
    const number = await deployGradually({ mode: "reverse-shadow", sample: { matches: 1 } });
    await callersUntil("an end", async () =>
      hasEnded((await deploymentProgress(example.target, number)).state),
    );
    assert.equal((await trail(number)).at(-1), "DEPLOYMENT_COMPLETED by APPCONFIG");
    assert.ok((await trail(number)).includes("BAKE_TIME_STARTED by APPCONFIG"));

    const fallbacks = example.printed("Fallbacks");
    await broken(v2IsBroken(), () =>
      callersUntil("a step back", async () => (await inForce()) === "shadow"),
    );
    assert.ok(example.printed("Fallbacks") > fallbacks, "V1 answered for V2");
    await callersUntil("the guard's word", () => guardReports().at(-1)?.did === "stepped back");
    const { from, to, deployment, why } = guardReports().at(-1)!;
    assert.deepEqual([from, to, deployment], ["reverse-shadow", "shadow", number + 1]);
    assert.match(why, new RegExp(example.outputs["UnhealthyAlarm"]!));
    assert.deepEqual(await trail(number + 1), [
      "DEPLOYMENT_STARTED by USER",
      "PERCENTAGE_UPDATED by APPCONFIG",
      "DEPLOYMENT_COMPLETED by APPCONFIG",
    ]);
  });

  it("the alarm flaps: where V1 answers, nothing more is taken back", async () => {
    // An empty V2 that still answers would be wrong answers.
    await served("shadow");
    const [numbers, reports] = [await deploymentNumbers(), guardReports().length];
    for (let flaps = 1; flaps <= 2; flaps++) {
      await callersUntil("no alarm", () => alarmState() === "OK");
      await broken(v2IsEmpty(), () => callersUntil("an alarm", () => alarmState() === "ALARM"));
      await callersUntil("the guard's word", () => guardReports().length === reports + flaps);
      const { did, why } = guardReports().at(-1)!;
      assert.equal(did, "nothing");
      assert.match(why, /went back already|the mode is shadow, where V1 answers|is over/);
    }
    assert.equal(await inForce(), "shadow");
    assert.deepEqual(await deploymentNumbers(), numbers);
  });

  it("the table throttles: callers don't notice, and no record is lost", async () => {
    await bringInto("shadow");
    const [compared, kept] = [example.printed("Comparisons"), recordsKept()];
    let requests = 0;
    await broken(
      {
        service: "dynamodb",
        // The SDK's own tries are throttled too, so that some records don't come through at all.
        when: ({ headers }) =>
          String(headers["x-amz-target"]).endsWith(".BatchWriteItem") && ++requests % 4 !== 0,
        respond: () =>
          dynamodbError("com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException"),
      },
      () => callersUntil("some came through", () => requests >= 8),
    );
    assert.equal(recordsKept() - kept, example.printed("Comparisons") - compared);
    assert.equal(await inForce(), "shadow");
  });

  it("one environment stays on a stale document during a rollout: both modes answer alike", async () => {
    await callersUntil("no alarm", () => alarmState() === "OK");
    await bringInto("shadow");
    const from = Date.now();
    let staleToken: string | null = null;
    await broken(
      {
        service: "appconfig",
        // Whoever asks first gets no answer, ever: its token stays the same.
        when({ path, query }) {
          if (path !== "/configuration") return false;
          staleToken ??= query.get("configuration_token");
          return query.get("configuration_token") === staleToken;
        },
        respond: unavailable,
      },
      async () => {
        await callersUntil("a stale environment", () => staleToken !== null);
        await example.deploy(
          '{"mode":"reverse-shadow","sample":{"matches":1},"override":"a drill"}',
        );
        const deployedAt = Date.now();
        await callersUntil("both modes", async () => {
          // Two at a time, so that there are two environments.
          await Promise.all([example.request(), example.request()]);
          return (await modesSince(deployedAt)).size === 2;
        });
      },
    );
    const mendedAt = Date.now();
    await callersUntil("one mode", async () => {
      await Promise.all([example.request(), example.request()]);
      return (await modesSince(Math.max(mendedAt, Date.now() - 1_000))).size === 1;
    });
    assert.deepEqual([...(await modesSince(from))].toSorted(), ["reverse-shadow", "shadow"]);
    assert.equal(await inForce(), "reverse-shadow");
    assert.notEqual(alarmState(), "ALARM");
  });

  it("V2 fails while AppConfig is down: V1 answers, and the guard steps back once it can", async () => {
    const [fallbacks, reports] = [example.printed("Fallbacks"), guardReports().length];
    await broken(v2IsBroken(), async () => {
      await broken({ service: "appconfig", respond: unavailable }, () =>
        callersUntil("the guard's first try", () => guardReports().length > reports),
      );
      assert.equal(guardReports().at(-1)!.did, "failed");
      await callersUntil("a step back", async () => (await inForce()) === "shadow");
    });
    assert.ok(example.printed("Fallbacks") > fallbacks);
    await callersUntil("the guard's word", () => guardReports().at(-1)!.did === "stepped back");
  });
});

const unavailable = () => ({ status: 500, body: '{"Message":"down"}' });

function dynamodbError(type: string) {
  return {
    status: 400,
    headers: { "content-type": "application/x-amz-json-1.0" },
    body: JSON.stringify({ __type: type, message: "not now" }),
  };
}
