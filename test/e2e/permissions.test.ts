import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { StopDeploymentCommand } from "@aws-sdk/client-appconfig";
import { CloudWatchClient, PutMetricDataCommand } from "@aws-sdk/client-cloudwatch";
import { compressedClock } from "../../lib/local/clock.ts";
import type { Cloud, CloudOptions } from "../../lib/local/cloud.ts";
import { DIMENSIONS, NAMESPACE, type MetricName } from "../../lib/metrics/names.ts";
import type { Mode } from "../../lib/mode/mode.ts";
import { hasEnded, listDeployments } from "../../lib/rollout/deployments.ts";
import { followDeployment } from "../../lib/rollout/follow.ts";
import { deploy } from "../../lib/rollout/move.ts";
import { currentDocument } from "../../lib/rollout/current.ts";
import type { GuardReport } from "../../lib/rollout/rollback-guard.ts";
import type { RecordVerdict } from "../../lib/operate/verdict.ts";
import { readComparisons } from "../../lib/records/reader.ts";
import type { ComparisonRecord } from "../../lib/records/record.ts";
import { openExample, type Example } from "../support/example-cloud.ts";
import { openPayments, type PaymentsCloud } from "../support/payments-cloud.ts";
import { until } from "../local/lambda/harness.ts";
import type { StackCloud } from "../support/stack-cloud.ts";

/** Something that needs permissions. It is rejected unless it goes well, and may be done any number of times. */
type Deed = () => Promise<void>;

type Grant = ReturnType<Cloud["iam"]["grants"]>[number];

/** One grant at a time that a cloud does without. */
class Withheld {
  grant: Grant | undefined;
  /** Whether anybody would have needed it. */
  missed = false;

  readonly withhold: CloudOptions["withhold"] = (grant) => {
    if (grant !== this.grant) return false;
    this.missed = true;
    return true;
  };
}

/** Does everything with all grants, then, for each grant, once more without it what had used it. */
async function assertNoneToSpare(
  grants: readonly Grant[],
  withheld: Withheld,
  deeds: Readonly<Record<string, Deed>>,
): Promise<void> {
  const users = new Map<Grant, Deed[]>(grants.map((grant) => [grant, []]));
  for (const deed of Object.values(deeds)) {
    const usesBefore = new Map(grants.map((grant) => [grant, grant.uses]));
    await deed();
    for (const [grant, uses] of usesBefore) if (grant.uses > uses) users.get(grant)!.push(deed);
  }
  const toSpare: string[] = [];
  for (const [grant, deedsWithIt] of users) {
    if (await isMissed(withheld, grant, deedsWithIt)) continue;
    const { Action, Resource } = grant.statement;
    toSpare.push(`${grant.logicalId}: ${String(Action)} on ${String(Resource)}`);
  }
  assert.deepEqual(toSpare, []);
  // What failed did so for want of the grant, and not because the deeds had come to fail.
  for (const deed of Object.values(deeds)) await deed();
}

/** Whether one of these deeds fails without a grant. */
async function isMissed(
  withheld: Withheld,
  grant: Grant,
  deeds: readonly Deed[],
): Promise<boolean> {
  withheld.grant = grant;
  try {
    for (const deed of deeds) {
      withheld.missed = false;
      const failed = await deed().then(
        () => false,
        () => true,
      );
      if (failed && withheld.missed) return true;
    }
    return false;
  } finally {
    withheld.grant = undefined;
    withheld.missed = false;
  }
}

/** What an operator does to bring a stack into a mode, whatever was left under way. */
async function bringInto(stack: StackCloud, mode: Mode): Promise<void> {
  const { client, applicationId, environmentId } = stack.target;
  for await (const { number, state } of listDeployments(stack.target)) {
    if (hasEnded(state)) break;
    const ids = { ApplicationId: applicationId, EnvironmentId: environmentId };
    if (state !== "ROLLING_BACK") {
      // One that bakes by now is stopped so too.
      const stop = { ...ids, DeploymentNumber: number, AllowRevert: true };
      await client.send(new StopDeploymentCommand(stop));
    }
    await followDeployment(stack.target, number, { intervalMs: 20 });
  }
  const { document } = await currentDocument(stack.target);
  if (document.mode === mode) return;
  await stack.deploy(JSON.stringify({ mode, sample: { matches: 1 }, override: "a test" }));
}

/** Starts a gradual rollout past the gate. */
async function deployGradually(stack: StackCloud, mode: Mode, secondary: number): Promise<number> {
  const { target } = stack;
  const { document: from, latestDeployment } = await currentDocument(target);
  const { deploymentNumber } = await deploy(target, {
    from,
    to: { mode, sample: { secondary, matches: 1 }, override: "a test" },
    strategyId: target.gradualStrategyId,
    latestDeployment,
    description: "a test",
  });
  return deploymentNumber;
}

/** What the gate, the guard and AppConfig do in every stack. */
function rolloutDeeds(
  stack: StackCloud,
  migration: string,
  withheld: Withheld,
): Record<string, Deed> {
  const { cloud, outputs, target } = stack;

  async function put(metrics: Partial<Record<MetricName, number>>): Promise<void> {
    const client = new CloudWatchClient(stack.config);
    await client.send(
      new PutMetricDataCommand({
        Namespace: NAMESPACE,
        MetricData: Object.entries(metrics).map(([MetricName, Value]) => ({
          MetricName,
          Value,
          Timestamp: new Date(cloud.clock.now()),
          Dimensions: [{ Name: DIMENSIONS.migration, Value: migration }],
        })),
      }),
    );
    client.destroy();
  }

  const v1Fails = (calls: number) => ({
    Comparisons: calls,
    Disagreements: calls,
    SecondaryErrors: calls,
    V1Calls: calls,
    V1Errors: calls,
  });

  /** Has the guard hear of an alarm that went off much later than anything that was done before. */
  const alarm = (): Promise<GuardReport> =>
    stack.invoke(outputs["GuardFunction"]!, {
      detail: {
        alarmName: outputs["UnhealthyAlarm"],
        state: {
          value: "ALARM",
          timestamp: new Date(cloud.clock.now() + 3_600_000).toISOString(),
        },
      },
    });

  /** So the guard takes the alarm for one that isn't over, and AppConfig knows of none. */
  async function whileInAlarm(look: () => Promise<void>): Promise<void> {
    const mend = cloud.inject({
      service: "monitoring",
      when: ({ headers }) => String(headers["x-amz-target"]).endsWith(".DescribeAlarms"),
      respond: () => ({
        status: 200,
        headers: { "content-type": "application/x-amz-json-1.0" },
        body: '{"CompositeAlarms":[{"StateValue":"ALARM"}]}',
      }),
    });
    try {
      await look();
    } finally {
      mend();
    }
  }

  /** Has the gate judge a promotion on evidence. */
  async function judge(): Promise<void> {
    const verdict = await stack.invoke(outputs["GateFunction"]!, {
      configurationProfileId: target.profileId,
      content: Buffer.from('{"mode":"reverse-shadow"}').toString("base64"),
      dryRun: true,
    });
    assert.equal(verdict.from?.mode, "shadow");
    const names: string[] = verdict.conditions.map(({ name }: { name: string }) => name);
    assert.ok(names.includes("comparisons"), JSON.stringify(verdict));
  }

  return {
    "AppConfig has the gate judge a document, and sees the alarm": () =>
      stack.deploy('{"mode":"shadow","sample":{"matches":1},"override":"a test"}'),

    async "the gate reads the deployments, an undone one too"() {
      await bringInto(stack, "shadow");
      await deployGradually(stack, "reverse-shadow", 1);
      await bringInto(stack, "shadow");
      await judge();
    },

    async "the gate reads the metrics"() {
      await bringInto(stack, "shadow");
      // By then there is a whole minute to ask about.
      const then = cloud.clock.now() + 2 * 60_000;
      await until("two minutes", () => cloud.clock.now() > then);
      await judge();
    },

    async "the guard sees that an alarm is over"() {
      await bringInto(stack, "shadow");
      assert.deepEqual(await alarm(), { did: "nothing", why: "the alarm is over" });
    },

    async "the guard sees that it is V1 that fails"() {
      await bringInto(stack, "reverse-shadow");
      // Too few comparisons for an alarm.
      await put({ ...v1Fails(4), V2Calls: 1_000 });
      await whileInAlarm(async () => assert.equal((await alarm()).did, "held back"));
    },

    async "the guard stops what stands in the way, and steps back"() {
      await bringInto(stack, "new");
      await deployGradually(stack, "new", 0.9);
      await whileInAlarm(async () => assert.equal((await alarm()).did, "stepped back"));
      assert.equal((await currentDocument(target)).document.mode, "reverse-shadow");
    },

    async "the alarm starts the guard"() {
      await bringInto(stack, "shadow");
      const alarmState = () => cloud.cloudWatch.alarmState(stack.unhealthyArn);
      const heard = () => stack.logged.filter((line) => line.includes("guard: nothing")).length;
      await until("no alarm", () => alarmState() !== "ALARM");
      const had = heard();
      await put(v1Fails(100));
      await until("a delivery", () => heard() > had || withheld.missed);
      await until("no alarm", () => alarmState() !== "ALARM");
      assert.ok(heard() > had, "the guard hears of it");
    },
  };
}

/** The comparisons that a stack's table has by now. */
async function records(stack: StackCloud, migration: string): Promise<ComparisonRecord[]> {
  const now = Date.now();
  const query = { client: stack.dynamodb, table: stack.outputs["RecordsTable"]!, migration };
  const found = [];
  for await (const one of readComparisons({ ...query, from: now - 600_000, to: now })) {
    found.push(one);
  }
  return found;
}

/** What the operator function says about records. */
async function verdicts(
  stack: StackCloud,
  migration: string,
  of: readonly ComparisonRecord[],
  writes = false,
): Promise<string[]> {
  const answer = await stack.invoke(stack.outputs["OperatorFunctionName"]!, {
    action: "replay",
    migration,
    records: of.map(({ sk: id, time }) => ({ id, time })),
    writes,
  });
  return answer.verdicts.map(({ verdict }: RecordVerdict) => verdict);
}

/** How much of what goes wrong behind the callers' backs has been counted. */
function troubles(stack: StackCloud): number {
  const metrics: readonly MetricName[] = [
    "ModeReadFailures",
    "ModeDefaulted",
    "V1Errors",
    "V2Errors",
    "RecordsDiverted",
    "RepairsDiverted",
  ];
  return metrics.reduce((sum, metric) => sum + stack.printed(metric), 0);
}

/** Whether a grant is of the construct's own: the gate, the guard, what AppConfig and the alarm may do. */
const isOfMigration = ({ logicalId }: Grant): boolean =>
  /^Migration(?:Environment|Gate|Guard|Unhealthy)/.test(logicalId);

describe("no function has a permission to spare", { concurrency: true }, () => {
  const withheld = { example: new Withheld(), payments: new Withheld() };
  let example: Example;
  let payments: PaymentsCloud;
  before(async () => {
    await Promise.all([
      openExample({ withhold: withheld.example.withhold }).then((opened) => (example = opened)),
      openPayments({
        withhold: withheld.payments.withhold,
        // So that the schedule, of five minutes, comes round in no time.
        clock: compressedClock(120),
      }).then((opened) => (payments = opened)),
    ]);
    await example.backfill();
    await Promise.all([bringInto(example, "shadow"), bringInto(payments, "shadow")]);
  });
  after(async () => {
    await example?.close();
    await payments?.close();
  });

  it("in the customer-ids example, with the gate, the guard, AppConfig and the alarm", async () => {
    await bringInto(example, "shadow");
    await example.request();
    const [record] = await records(example, "customer-ids");
    await assertNoneToSpare(example.cloud.iam.grants(), withheld.example, {
      async "both versions answer, and that is recorded"() {
        await bringInto(example, "shadow");
        await example.cloud.lambda.retire(example.outputs["FunctionName"]!);
        const [had, stored] = [troubles(example), example.printed("RecordsStored")];
        await example.request();
        assert.equal(troubles(example), had);
        assert.equal(example.printed("RecordsStored"), stored + 1);
      },
      async "the operator function calls both versions again"() {
        await example.cloud.lambda.retire(example.outputs["OperatorFunctionName"]!);
        assert.deepEqual(await verdicts(example, "customer-ids", [record!]), ["agrees"]);
      },
      ...rolloutDeeds(example, "customer-ids", withheld.example),
    });
  });

  it("in the payments example, with the repair function and its schedule", async () => {
    const { cloud, outputs } = payments;
    let customers = 0;

    /** Pays as a new customer. */
    async function pay(): Promise<string> {
      const customerId = `c-${++customers}`;
      const card = { number: "4242424242424242", expiry: "12/29", securityCode: "987" };
      const amount = { minorUnits: 1250, currency: "EUR" };
      const order = { customerId, paymentId: "p-1", amount, card };
      const answer = await payments.invoke(outputs["FunctionName"]!, { action: "pay", order });
      assert.equal(answer.payments?.[0]?.status, "paid");
      return customerId;
    }

    async function payWithoutV2(): Promise<string> {
      const mend = payments.v2.inject({ before: "error" });
      try {
        return await pay();
      } finally {
        mend();
      }
    }

    /** Pays, and gives some of it back, which leaves a record that can be replayed. */
    async function refunded(): Promise<{ customerId: string; record: ComparisonRecord }> {
      const customerId = await pay();
      const amount = { minorUnits: 250, currency: "EUR" };
      const refund = { customerId, paymentId: "p-1", refundId: "r-1", amount };
      await payments.invoke(outputs["FunctionName"]!, { action: "refund", refund });
      const record = (await records(payments, "payments")).find(
        (one) => one.operation === "refund" && one.arguments.includes(`"${customerId}"`),
      );
      return { customerId, record: record! };
    }

    const grants = cloud.iam.grants().filter((grant) => !isOfMigration(grant));
    await assertNoneToSpare(grants, withheld.payments, {
      async "both versions are paid, and that is recorded"() {
        await cloud.lambda.retire(outputs["FunctionName"]!);
        const [had, stored] = [troubles(payments), payments.printed("RecordsStored")];
        assert.deepEqual(await payments.repairStates(await pay()), []);
        assert.equal(troubles(payments), had);
        assert.equal(payments.printed("RecordsStored"), stored + 1);
      },
      async "what V2 didn't do is left for the repair function"() {
        assert.deepEqual(await payments.repairStates(await payWithoutV2()), ["secondary-failed"]);
      },
      async "the repair function does it"() {
        const customer = await payWithoutV2();
        await cloud.lambda.retire(outputs["RepairFunctionName"]!);
        await payments.makeRepairsDue();
        // More than one, for a pass of the schedule may be at it when this one comes.
        for (let passes = 0; passes < 3; passes++) {
          await payments.invoke(outputs["RepairFunctionName"]!, {});
          if ((await payments.repairStates(customer)).length === 0) return;
        }
        assert.fail("it is not repaired");
      },
      async "the operator function makes a write again, and leaves what V2 didn't do"() {
        const { customerId, record } = await refunded();
        await cloud.lambda.retire(outputs["OperatorFunctionName"]!);
        assert.deepEqual(await verdicts(payments, "payments", [record], true), ["agrees"]);
        assert.deepEqual(await payments.repairStates(customerId), []);
        const mend = payments.v2.inject({ before: "error" });
        try {
          await verdicts(payments, "payments", [record], true);
        } finally {
          mend();
        }
        assert.deepEqual(await payments.repairStates(customerId), ["secondary-failed"]);
      },
      async "the operator function takes out a repair that no pass can make"() {
        const customerId = `c-${customers + 1}`;
        const amount = { minorUnits: 999n, currency: "EUR" as const };
        const wrong = { customerId, paymentId: "p-1", amount, cardNumber: undefined };
        payments.v2.ledger.pay({ ...wrong, key: `another of ${customerId}`, moveMoney: false });
        await pay();
        await payments.makeRepairsDue();
        await cloud.lambda.retire(outputs["OperatorFunctionName"]!);
        const key = `pay:${customerId}:p-1`;
        const repairs = await payments.repairs();
        const { id, subject } = repairs.find((one) => one["idempotencyKey"] === key)!;
        const ask = (action: string, more: object) =>
          payments.invoke(outputs["OperatorFunctionName"]!, {
            action,
            migration: "payments",
            repair: { id, subject, ...more },
            reason: "a test",
          });
        let answer: { outcome: string; why?: string };
        do {
          const { look } = await ask("look-at-repair", {});
          answer = await ask("dismiss-repair", { look });
          // A pass of the schedule may be at it, and leaves it.
        } while (answer.why?.startsWith("another pass"));
        assert.equal(answer.outcome, "done");
      },
      async "the schedule starts the repair function"() {
        const passes = () =>
          payments.logged.filter((line) => line.includes('"RepairsPending"')).length;
        const had = passes();
        // Two, for one may be under way that was started before.
        await until("two passes", () => passes() >= had + 2 || withheld.payments.missed);
        assert.ok(passes() >= had + 2);
      },
    });
  });

  it("in the payments example's gate and guard: they are granted what the other ones are", () => {
    const granted = ({ cloud }: StackCloud) =>
      cloud.iam
        .grants()
        .filter(isOfMigration)
        .map(({ logicalId, statement: { Action, Resource } }) =>
          // Without the ids that AppConfig gives, and the stack's name.
          [
            logicalId.replace(/(?:CustomerIds|Payments)Migration.*/, ""),
            Action,
            String(Resource).replaceAll(/\b[a-z0-9]{7}\b|function:.*/g, "…"),
          ].join(" "),
        );
    assert.deepEqual(granted(payments), granted(example));
  });
});
