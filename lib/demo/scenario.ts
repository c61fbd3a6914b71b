import { AppConfigClient } from "@aws-sdk/client-appconfig";
import { CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { LambdaClient } from "@aws-sdk/client-lambda";
import { setTimeout as sleep } from "node:timers/promises";
import type { Cloud } from "../local/cloud.ts";
import { groupBySignature, type SignatureGroup } from "../records/groups.ts";
import { readComparisons } from "../records/reader.ts";
import { askGate } from "../rollout/ask-gate.ts";
import { currentDocument } from "../rollout/current.ts";
import { followDeployment, type DeploymentProgress } from "../rollout/follow.ts";
import { promote, stepForward } from "../rollout/move.ts";
import type { RolloutTarget } from "../rollout/target.ts";
import { backfill, seedOrders, seedPendingPayments } from "./data.ts";
import { Observer, type Sums } from "./observer.ts";
import type { DemoSummary, Expectation, PhaseSummary, Reporter } from "./report.ts";
import { PaymentsStory, type PaymentServices } from "./payments-story.ts";
import { percent } from "./text.ts";
import { quantile, Traffic } from "./traffic.ts";

const STACK = "CustomerIds";
const MIGRATION = "customer-ids";

/** The stack of the payments, and its migration. */
const PAYMENTS_STACK = "Payments";

/** Milliseconds of the wall between two looks at the cloud. */
const LOOK_EVERY_MS = 250;

/** Wall milliseconds after which something that was to happen won't. */
const PATIENCE_MS = 60_000;

/** Wall milliseconds that a phase lasts at least, so that there is something to see of it. */
const PHASE_MS = 4_000;

export interface ScenarioOptions {
  readonly cloud: Cloud;
  /** What the payments function calls. */
  readonly services: PaymentServices;
  readonly reporter: Reporter;
  /** Ends the scenario early. */
  readonly signal: AbortSignal;
  /** @default 40 */
  readonly requestsPerSecond?: number;
}

/** Ends the story at the first thing that goes otherwise: what follows would be told of another one. */
class NotAsExpected extends Error {}

/**
 * The story of one migration, from `old` to `new`, with everything in between that can go wrong; and
 * around it that of another one, whose writes go to both versions.
 */
export async function runScenario(options: ScenarioOptions): Promise<DemoSummary> {
  const scenario = new Scenario(options);
  try {
    return await scenario.run();
  } finally {
    await scenario.close();
  }
}

class Scenario {
  readonly #cloud: Cloud;
  readonly #reporter: Reporter;
  readonly #outputs: Readonly<Record<string, string>>;
  readonly #dynamodb: DynamoDBClient;
  readonly #lambda: LambdaClient;
  readonly #cloudwatch: CloudWatchClient;
  readonly #target: RolloutTarget;
  readonly #observer: Observer;
  readonly #payments: PaymentsStory;
  readonly #phases: PhaseSummary[] = [];
  readonly #expectations: Expectation[] = [];
  readonly #startedAt = Date.now();
  readonly #signal: AbortSignal;
  #alarm: string | undefined;
  /** Whether the story is over, and only its accounts are left. */
  #ended = false;
  #deploymentState = "";
  #refusal = "";
  readonly #traffic: Traffic;
  #phase = "";
  #mode = "old";
  #deployment: DeploymentProgress | undefined;
  #phaseSums: Sums | undefined;

  constructor({ cloud, services, reporter, signal, requestsPerSecond = 40 }: ScenarioOptions) {
    this.#signal = signal;
    this.#cloud = cloud;
    this.#reporter = reporter;
    this.#outputs = cloud.outputs[STACK] ?? {};
    const config = {
      endpoint: cloud.endpoint,
      region: cloud.region,
      credentials: cloud.credentials,
    };
    this.#dynamodb = new DynamoDBClient(config);
    this.#lambda = new LambdaClient(config);
    this.#cloudwatch = new CloudWatchClient(config);
    this.#target = {
      client: new AppConfigClient(config),
      applicationId: this.#output("ApplicationId"),
      environmentId: this.#output("EnvironmentId"),
      profileId: this.#output("ProfileId"),
      gradualStrategyId: this.#output("GradualStrategyId"),
      immediateStrategyId: this.#output("ImmediateStrategyId"),
    };
    this.#observer = new Observer({
      client: this.#cloudwatch,
      clock: cloud.clock,
      migration: MIGRATION,
      alarm: this.#output("UnhealthyAlarm"),
    });
    this.#traffic = new Traffic(this.#lambda, this.#output("FunctionName"), requestsPerSecond);
    this.#payments = new PaymentsStory({
      outputs: cloud.outputs[PAYMENTS_STACK] ?? {},
      services,
      dynamodb: this.#dynamodb,
      lambda: this.#lambda,
      appConfig: this.#target.client,
      reporter,
      signal,
      expect: (what, met, seen) => this.#expect(what, met, seen),
    });
  }

  async run(): Promise<DemoSummary> {
    await seedOrders(this.#dynamodb, this.#output("OrdersTable"));
    await seedPendingPayments(this.#dynamodb, this.#output("PendingPaymentsTable"));
    try {
      await this.#payments.begin();
      this.#traffic.start();
      await this.#tell();
      await this.#payments.end();
    } catch (error) {
      if (!(error instanceof NotAsExpected)) throw error;
    }
    await this.#traffic.stop();
    return this.#summary();
  }

  async #tell(): Promise<void> {
    const pendingPayments = this.#output("PendingPaymentsTable");

    await this.#begin("old", "V1 alone");
    await this.#until("the alarm is OK", async () => this.#alarmIs("OK"));
    await this.#linger();
    await this.#end("steady");

    await this.#begin("shadow", "both run, V1 answers");
    await this.#promote();
    await this.#until("the alarm goes off: V2 lacks rows", async () => this.#alarmIs("ALARM"));
    await this.#linger();
    const groups = await this.#groups();
    this.#reporter.differences(groups);
    this.#expect(
      "the records say what V2 lacks",
      groups.some(({ signature }) => signature === "$[*] missing"),
      groups.map(({ signature, records }) => `${signature} × ${records}`).join(", "),
    );
    await this.#end("V2 lacks rows");

    await this.#begin("shadow, backfill", "the rows that V2 lacks are copied");
    const copied = await backfill(this.#dynamodb, pendingPayments);
    this.#reporter.event(`${copied} payments copied to V2's table`);
    await this.#until("the alarm is OK again", async () => this.#alarmIs("OK"));
    await this.#linger();
    await this.#end("rate back to 0");

    await this.#begin("reverse-shadow (fails)", "both run, V2 answers, and begins to fail");
    const failing = await this.#promote({ untilState: "BAKING" });
    const mend = this.#cloud.inject({
      service: "dynamodb",
      when: ({ body }) => body.includes(pendingPayments),
      respond: () => ({
        status: 400,
        headers: { "content-type": "application/x-amz-json-1.0" },
        body: JSON.stringify({
          __type: "com.amazon.coral.service#AccessDeniedException",
          Message: "the key of V2's table was disabled",
        }),
      }),
    });
    this.#reporter.event("V2's table begins to refuse every read; callers get V1's answers");
    const ended = await this.#follow(failing.number);
    const fall = ended.events.find(({ EventType }) => EventType === "ROLLBACK_STARTED");
    // AppConfig and the guard hear of the alarm at the same time, and either may be the first to act.
    const by = fall?.TriggeredBy === "CLOUDWATCH_ALARM" ? "AppConfig" : "the guard";
    this.#expect(
      "the deployment is rolled back, and nobody had to",
      ended.state === "ROLLED_BACK",
      `${ended.state} by ${by}`,
    );
    const { document } = await currentDocument(this.#target);
    this.#mode = document.mode;
    this.#expect("the mode is shadow again", document.mode === "shadow", document.mode);
    const { Fallbacks: fallbacks } = await this.#observer.sums();
    this.#expect("V1 stepped in for the failing V2", fallbacks > 0, `${fallbacks} times`);
    await this.#end("rolled back");

    await this.#begin("shadow, V2 mended", "both run, V1 answers");
    mend();
    this.#reporter.event("V2's table answers again");
    await this.#until("the alarm is OK", async () => this.#alarmIs("OK"));
    await this.#linger();
    await this.#end("V2 is well");

    await this.#begin("reverse-shadow", "both run, V2 answers");
    const reverse = await this.#promote();
    this.#expectComplete("reverse-shadow is complete", reverse);
    await this.#end("complete");

    await this.#begin("new", "V2 alone");
    const last = await this.#promote();
    this.#expectComplete("new is complete", last);
    await this.#end("complete");

    await this.#begin("new, at its end", "nobody calls V1 any more");
    // By then every function has asked for the document again.
    await this.#pause(PHASE_MS / 2);
    const before = await this.#observer.sums();
    await this.#linger();
    const after = await this.#observer.sums();
    this.#expect(
      "V1 is not called any more",
      after.V1Calls === before.V1Calls && after.V2Calls > before.V2Calls,
      `${after.V1Calls - before.V1Calls} calls of V1, ${after.V2Calls - before.V2Calls} of V2`,
    );
    await this.#traffic.stop();
    await this.#end("done");
  }

  async close(): Promise<void> {
    await this.#traffic.stop();
    for (const client of [this.#dynamodb, this.#lambda, this.#cloudwatch, this.#target.client]) {
      client.destroy();
    }
  }

  #output(name: string): string {
    const value = this.#outputs[name];
    if (value === undefined) throw new Error(`stack ${STACK} has no output ${name}`);
    return value;
  }

  async #begin(name: string, what: string): Promise<void> {
    this.#phase = name;
    this.#traffic.nextPhase();
    this.#phaseSums = await this.#observer.sums();
    this.#reporter.phase(`${name}: ${what}`);
  }

  async #end(how: string): Promise<void> {
    const traffic = this.#traffic.nextPhase();
    const before = this.#phaseSums!;
    const after = await this.#observer.sums();
    this.#phases.push({
      phase: this.#phase,
      requests: traffic.requests,
      failed: traffic.failed,
      p50Ms: quantile(traffic.latencies, 0.5),
      p99Ms: quantile(traffic.latencies, 0.99),
      comparisons: after.Comparisons - before.Comparisons,
      disagreements: after.Disagreements - before.Disagreements,
      fallbacks: after.Fallbacks - before.Fallbacks,
      ended: how,
    });
  }

  #expect(what: string, met: boolean, seen: string): void {
    this.#expectations.push({ what, met, seen });
    this.#reporter.expectation({ what, met, seen });
    if (!met && !this.#ended) throw new NotAsExpected(what);
  }

  #expectComplete(what: string, { state }: DeploymentProgress): void {
    this.#expect(what, state === "COMPLETE", state);
  }

  /** Promotes one mode, and follows the deployment to its end or to a state. */
  async #promote(options: { untilState?: string } = {}): Promise<DeploymentProgress> {
    await this.#until("the gate lets the migration go on", () => this.#gateAllows());
    const { from, to, deploymentNumber } = await promote(this.#target);
    this.#reporter.event(`deployment #${deploymentNumber}: ${from.mode} to ${to.mode}`);
    this.#mode = `${from.mode} → ${to.mode}`;
    const progress = await this.#follow(deploymentNumber, options.untilState);
    if (progress.state === "COMPLETE") this.#mode = to.mode;
    return progress;
  }

  /** Asks the gate, and tells its first refusal of each kind. */
  async #gateAllows(): Promise<boolean> {
    const { document } = await currentDocument(this.#target);
    const verdict = await askGate(
      {
        client: this.#lambda,
        functionName: this.#output("GateFunction"),
        profileId: this.#target.profileId,
      },
      stepForward(document),
    );
    const unmet = verdict.conditions.filter(({ met }) => !met).map(({ name }) => name);
    const refusal = `${verdict.from?.mode} to ${verdict.to.mode} for ${unmet.join(", ")}`;
    if (!verdict.allowed && refusal !== this.#refusal) {
      this.#reporter.event(`the gate refuses ${refusal}`);
      this.#refusal = refusal;
    }
    return verdict.allowed;
  }

  async #follow(number: number, untilState?: string): Promise<DeploymentProgress> {
    const reached = new AbortController();
    try {
      return await followDeployment(this.#target, number, {
        intervalMs: LOOK_EVERY_MS,
        signal: AbortSignal.any([reached.signal, this.#signal]),
        onProgress: async (progress) => {
          const state = `#${number} is ${progress.state}`;
          if (state !== this.#deploymentState) this.#reporter.event(`deployment ${state}`);
          this.#deploymentState = state;
          this.#deployment = progress;
          await this.#look();
          if (progress.state === untilState) reached.abort();
        },
      });
    } catch (error) {
      if (!reached.signal.aborted) throw error;
      return this.#deployment!;
    } finally {
      if (!reached.signal.aborted) this.#deployment = undefined;
    }
  }

  /** Waits for something to happen; not to happen in a minute is not as expected. */
  async #until(what: string, happened: () => Promise<boolean>): Promise<void> {
    const startedAt = Date.now();
    let met = await happened();
    while (!met && Date.now() - startedAt < PATIENCE_MS) {
      await this.#pause(LOOK_EVERY_MS);
      await this.#look();
      met = await happened();
    }
    this.#expect(what, met, `after ${((Date.now() - startedAt) / 1_000).toFixed(1)} s`);
  }

  async #alarmIs(state: string): Promise<boolean> {
    return (await this.#observer.alarmState()) === state;
  }

  async #linger(): Promise<void> {
    const until = Date.now() + PHASE_MS;
    while (Date.now() < until) {
      await this.#pause(LOOK_EVERY_MS);
      await this.#look();
    }
  }

  async #pause(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#signal });
  }

  async #look(): Promise<void> {
    const [alarm, mismatchRate] = await Promise.all([
      this.#observer.alarmState(),
      this.#observer.mismatchRate(),
    ]);
    if (alarm !== this.#alarm && this.#alarm !== undefined) {
      this.#reporter.event(`the alarm is ${alarm}, the mismatch rate ${percent(mismatchRate)}`);
    }
    this.#alarm = alarm;
    this.#reporter.status({
      phase: this.#phase,
      mode: this.#mode,
      deployment: this.#deployment && `#${this.#deployment.number} ${this.#deployment.state}`,
      deploymentPercent: this.#deployment?.percent ?? 0,
      requests: this.#traffic.total.requests,
      failed: this.#traffic.total.failed,
      mismatchRate,
      alarm: alarm ?? "unknown",
    });
  }

  #groups(): Promise<SignatureGroup[]> {
    return groupBySignature(
      readComparisons({
        client: this.#dynamodb,
        table: this.#output("RecordsTable"),
        migration: MIGRATION,
        from: this.#startedAt,
        to: Date.now(),
      }),
    );
  }

  /** Adds everything up: no call and no comparison may be unaccounted for. */
  async #summary(): Promise<DemoSummary> {
    this.#ended = true;
    const sums = await this.#observer.sums();
    const { total, failures } = this.#traffic;
    const stored = (await this.#groups()).reduce((sum, { records }) => sum + records, 0);
    const fates =
      sums.RecordsStored + sums.RecordsDiverted + sums.RecordsCapped + sums.RecordsSampledOut;
    this.#expect(
      "whatever ran twice was compared",
      sums.V1Calls + sums.V2Calls - total.requests === sums.Comparisons,
      `${sums.V1Calls} calls of V1 + ${sums.V2Calls} of V2 - ${total.requests} requests = ${sums.Comparisons} comparisons`,
    );
    this.#expect(
      "no comparison is lost",
      fates === sums.Comparisons,
      `${sums.RecordsStored} stored + ${sums.RecordsDiverted} printed + ${sums.RecordsCapped} over the cap of ten alike a minute + ${sums.RecordsSampledOut} matches not kept = ${fates} of ${sums.Comparisons}`,
    );
    this.#expect(
      "every stored record is in the table",
      stored === sums.RecordsStored,
      `${stored} of ${sums.RecordsStored}`,
    );
    this.#expect("no caller failed", total.failed === 0, `${total.failed} of ${total.requests}`);
    const summary: DemoSummary = {
      ok: this.#expectations.every(({ met }) => met),
      requests: total.requests,
      callersFailed: total.failed,
      failures,
      phases: this.#phases,
      sums,
      expectations: this.#expectations,
    };
    this.#reporter.summary(summary);
    return summary;
  }
}
