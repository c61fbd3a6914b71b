import {
  BadRequestException,
  ConflictException,
  StopDeploymentCommand,
  type DeploymentState,
} from "@aws-sdk/client-appconfig";
import { DescribeAlarmsCommand, type CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import { jsonLogger, messageOf, neverThrowing, type Logger } from "../logger.ts";
import { Tally, type MetricsSink } from "../metrics/tally.ts";
import {
  deployedDocument,
  hasEnded,
  lastEventAt,
  listDeployments,
  type ListedDeployment,
  type ModeProfile,
} from "./deployments.ts";
import { readRecent } from "./evidence.ts";
import { deploymentProgress } from "./follow.ts";
import { decideGuard, isV1ToBlame, type GuardDecision, type GuardedDeployment } from "./guard.ts";

import { deploy } from "./move.ts";
import { answersWithV2, documentText } from "./move-kind.ts";
import { BY_GUARD } from "./past-deployment.ts";
import type { RolloutTarget } from "./target.ts";

/** Milliseconds of metrics that tell whose fault it is. */
const RECENT_MS = 5 * 60_000;

/** Whoever loses a race decides again; that often only if several deploy without end. */
const MAX_TRIES = 5;

/** Milliseconds between two looks at a deployment that is to end. */
const LOOK_EVERY_MS = 1_000;

/** A rollback takes seconds. */
const MAX_LOOKS = 60;

/** What EventBridge sends when an alarm's state changes, as far as the guard reads it. */
export interface AlarmEvent {
  readonly detail: {
    readonly alarmName: string;
    readonly state: {
      readonly value: string;
      /** ISO 8601. */
      readonly timestamp: string;
    };
  };
}

/** What the guard did, and why. */
export interface GuardReport {
  readonly did: "nothing" | "stopped a promotion" | "stepped back" | "held back" | "failed";
  readonly why: string;
  readonly from?: string;
  readonly to?: string;
  readonly deployment?: number;
}

export interface RollbackGuardOptions {
  readonly target: ModeProfile & Pick<RolloutTarget, "immediateStrategyId">;
  readonly migration: string;
  /** Name of the composite alarm. */
  readonly alarm: string;
  /** Percent of comparisons above which the mismatch rate alarms. */
  readonly mismatchRatePercent: number;
  /** Milliseconds before an alarm in which a step back is an answer to it. */
  readonly settleMs: number;
  readonly cloudWatch: CloudWatchClient;
  readonly metrics: MetricsSink;
  /** Tells people. What it throws is logged. */
  readonly notify?: (subject: string, report: GuardReport) => Promise<void>;
  /** @default one JSON line an entry, on the console */
  readonly logger?: Logger;
  /** The present, in epoch milliseconds. */
  readonly now: () => number;
  /** Resolves after so many milliseconds. */
  readonly wait: (ms: number) => Promise<void>;
}

/**
 * The guard as a Lambda function: AppConfig watches the alarm only while it deploys, and the guard does
 * so ever after. One alarm makes for one step back, however often its event comes, and whoever else
 * reacts to it.
 *
 * @throws where the step back failed, so that Lambda tries again.
 */
export function rollbackGuard(
  options: RollbackGuardOptions,
): (event: AlarmEvent) => Promise<GuardReport> {
  const { migration, alarm, metrics, notify } = options;
  const logger = neverThrowing(options.logger ?? jsonLogger);

  const tell = async (report: GuardReport) => {
    logger.warn(`guard: ${report.did}`, { migration, alarm, ...report });
    if (report.did === "nothing") return;
    try {
      await notify?.(`${migration}: the guard ${report.did}`, report);
    } catch (error) {
      logger.error("guard: nobody could be told", { migration, why: messageOf(error) });
    }
  };

  return async ({ detail: { alarmName, state } }) => {
    let report: GuardReport;
    try {
      report = await react(options, { alarmName, value: state.value, at: timeIn(state.timestamp) });
    } catch (error) {
      await tell({ did: "failed", why: messageOf(error) });
      throw error;
    }
    if (report.did === "stepped back" || report.did === "stopped a promotion") {
      const tally = new Tally(migration);
      tally.count("GuardRollbacks");
      await metrics.publish([tally]);
    }
    await tell(report);
    return report;
  };
}

function timeIn(timestamp: string): number {
  const time = Date.parse(timestamp);
  if (Number.isNaN(time))
    throw new TypeError(`state.timestamp: got ${timestamp}, allowed is a time`);
  return time;
}

async function react(
  options: RollbackGuardOptions,
  alarm: { readonly alarmName: string; readonly value: string; readonly at: number },
): Promise<GuardReport> {
  if (alarm.alarmName !== options.alarm || alarm.value !== "ALARM") {
    return { did: "nothing", why: `${alarm.alarmName} is ${alarm.value}` };
  }
  if (await hasRecovered(options)) return { did: "nothing", why: "the alarm is over" };
  const answeredSince = alarm.at - options.settleMs;
  for (let tries = 1; tries <= MAX_TRIES; tries++) {
    const { deployments, latestDeployment } = await recentDeployments(options, answeredSince);
    const decision = decideGuard(deployments, answeredSince);
    try {
      const report = await carryOut(options, decision, latestDeployment);
      if (report !== undefined) return report;
    } catch (error) {
      if (!(error instanceof ConflictException)) throw error;
    }
    // Somebody deployed in the meantime, perhaps this very step. The new state decides.
    await options.wait(LOOK_EVERY_MS);
  }
  throw new Error(`the deployments changed under the guard's hands, ${MAX_TRIES} times`);
}

/** Whether the alarm is over by now, as it may be when the event comes late. Unknown is no. */
async function hasRecovered({ cloudWatch, alarm }: RollbackGuardOptions): Promise<boolean> {
  try {
    const { CompositeAlarms = [] } = await cloudWatch.send(
      new DescribeAlarmsCommand({ AlarmNames: [alarm], AlarmTypes: ["CompositeAlarm"] }),
    );
    const state = CompositeAlarms[0]?.StateValue;
    return state !== undefined && state !== "ALARM";
  } catch {
    return false;
  }
}

/** The deployments of good documents, the newest first, back to one complete before `since`. */
async function recentDeployments({ target }: RollbackGuardOptions, since: number) {
  const deployments: GuardedDeployment[] = [];
  let latestDeployment: number | undefined;
  for await (const listed of listDeployments(target)) {
    latestDeployment ??= listed.number;
    const { profileId, state, startedAt } = listed;
    if (profileId !== target.profileId) continue;
    const document = await deployedDocument(target, listed);
    if (document === undefined) continue;
    const isUndone = state === "ROLLED_BACK" || state === "REVERTED";
    const undoneAt = isUndone ? await lastEventAt(target, listed) : undefined;
    deployments.push({ ...listed, document, undoneAt });
    if (state === "COMPLETE" && startedAt <= since) break;
  }
  return { deployments, latestDeployment: latestDeployment ?? 0 };
}

/** Returns nothing where the state has changed, and is to be looked at again. */
async function carryOut(
  options: RollbackGuardOptions,
  decision: GuardDecision,
  latestDeployment: number,
): Promise<GuardReport | undefined> {
  const { target, alarm } = options;
  switch (decision.act) {
    case "nothing":
      return { did: "nothing", why: decision.why };
    case "stop": {
      const { number, document } = decision.running;
      const end = await stop(options, decision.running);
      if (end === "COMPLETE") return undefined;
      return {
        did: "stopped a promotion",
        why: `the alarm ${alarm} went off`,
        from: document.mode,
        deployment: number,
      };
    }
    case "step-back": {
      const { from, to, stopFirst } = decision;
      const [before, after] = [documentText(from), documentText(to)];
      if (!answersWithV2(to) && (await isV1AtFault(options))) {
        const why = "V1 is what fails, as the secondary, and would get every caller";
        return { did: "held back", why, from: before, to: after };
      }
      if (stopFirst !== undefined && (await stop(options, stopFirst)) === "COMPLETE") {
        return undefined;
      }
      const { deploymentNumber } = await deploy(target, {
        from,
        to,
        strategyId: target.immediateStrategyId,
        latestDeployment,
        description: `${BY_GUARD}${before} to ${after}, as the alarm ${alarm} went off`,
      });
      const end = await waitForEnd(options, deploymentNumber);
      if (end !== "COMPLETE") {
        throw new Error(`deployment ${deploymentNumber}, the step back to ${after}, is ${end}`);
      }
      return {
        did: "stepped back",
        why: `the alarm ${alarm} went off`,
        from: before,
        to: after,
        deployment: deploymentNumber,
      };
    }
  }
}

/** Whether to go back would make things worse. Unknown is no. */
async function isV1AtFault(options: RollbackGuardOptions): Promise<boolean> {
  const { cloudWatch: client, migration, mismatchRatePercent, now } = options;
  try {
    const recent = await readRecent({ client, migration, now: now() }, RECENT_MS);
    return isV1ToBlame(recent, mismatchRatePercent);
  } catch {
    return false;
  }
}

/** Stops a deployment, and waits until it is over, as it has to be before the next one. */
async function stop(
  options: RollbackGuardOptions,
  { number }: ListedDeployment,
): Promise<DeploymentState> {
  const { client, applicationId, environmentId } = options.target;
  try {
    await client.send(
      new StopDeploymentCommand({
        ApplicationId: applicationId,
        EnvironmentId: environmentId,
        DeploymentNumber: number,
        // Without it AppConfig stops what is DEPLOYING, and not what bakes. One that has completed this
        // very moment is reverted, which comes to the same.
        AllowRevert: true,
      }),
    );
  } catch (error) {
    // It is over already, or being rolled back, by AppConfig most likely: it watches the same alarm.
    if (!(error instanceof BadRequestException)) throw error;
  }
  return waitForEnd(options, number);
}

async function waitForEnd(
  { target, wait }: RollbackGuardOptions,
  number: number,
): Promise<DeploymentState> {
  for (let looks = 0; ; looks++) {
    const { state } = await deploymentProgress(target, number);
    if (hasEnded(state)) return state;
    if (looks === MAX_LOOKS) throw new Error(`deployment ${number} is still ${state}`);
    await wait(LOOK_EVERY_MS);
  }
}
