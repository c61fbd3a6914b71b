import { DescribeAlarmsCommand, type CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import type { LambdaClient } from "@aws-sdk/client-lambda";
import type { ModeDocument } from "../mode/mode-document.ts";
import { messageOf } from "../logger.ts";
import { nextMode } from "../mode/mode.ts";
import { askGate } from "./ask-gate.ts";
import {
  deployedDocument,
  hasEnded,
  listModeDeployments,
  type ListedDeployment,
} from "./deployments.ts";
import { deploymentProgress, type DeploymentProgress } from "./follow.ts";
import type { Verdict } from "./gate.ts";
import { readMeasures, type Measures } from "./measures.ts";
import type { MigrationParts } from "./migration-parts.ts";
import { stepForward } from "./move.ts";
import { presentMode } from "./present-mode.ts";
import type { RolloutTarget } from "./target.ts";

/** A migration's parts, and the clients with which to look at them. */
export interface Operated {
  readonly parts: MigrationParts;
  readonly target: RolloutTarget;
  readonly cloudWatch: CloudWatchClient;
  readonly lambda: LambdaClient;
  /** The present as AWS has it, in epoch milliseconds. */
  readonly now: () => number;
}

export interface AlarmStatus {
  /** What it is about, such as `mismatchRate`. */
  readonly alarm: string;
  readonly state: string;
  /** Epoch milliseconds; `undefined` where the alarm isn't there. */
  readonly since: number | undefined;
}

/** A deployment that has not ended, and the document that it brings. */
export interface UnderWay extends DeploymentProgress {
  readonly to: ModeDocument | undefined;
}

/** The document in force. */
export interface InForce {
  readonly document: ModeDocument;
  /** AppConfig's version number of it. */
  readonly version: number;
}

/** Where a migration stands. */
export interface MigrationStatus {
  readonly migration: string;
  readonly stage: string;
  /** `undefined` where nothing was deployed yet. */
  readonly inForce: InForce | undefined;
  /** When the mode in force began, in epoch milliseconds. */
  readonly since: number | undefined;
  readonly underWay: UnderWay | undefined;
  readonly alarms: readonly AlarmStatus[];
  readonly measures: Measures;
  /** What the gate says to the next mode; `undefined` in `new`, and where nothing is in force. */
  readonly gate: Verdict | { readonly unreadable: string } | undefined;
}

/** Reads where a migration stands. A gate that can't be asked is no reason not to tell the rest. */
export async function readStatus(operated: Operated): Promise<MigrationStatus> {
  const { parts, target } = operated;
  const [{ inForce, underWay }, alarms] = await Promise.all([
    readDeployments(target),
    readAlarms(operated),
  ]);
  const now = operated.now();
  const windowStart = now - parts.thresholds.windowMinutes * 60_000;
  const present = await presentMode(target, windowStart);
  const [measures, gate] = await Promise.all([
    readMeasures(operated.cloudWatch, {
      migration: parts.migration,
      now,
      since: Math.max(present?.sampledSince ?? windowStart, windowStart),
    }),
    inForce && nextMode(inForce.document.mode) !== undefined
      ? gateVerdict(operated, stepForward(inForce.document))
      : undefined,
  ]);
  const { migration, stage } = parts;
  return { migration, stage, inForce, since: present?.since, underWay, alarms, measures, gate };
}

/** The document in force, and the deployment that is under way, if there is one. */
export async function readDeployments(
  target: RolloutTarget,
): Promise<{ readonly inForce: InForce | undefined; readonly underWay: UnderWay | undefined }> {
  let running: ListedDeployment | undefined;
  let inForce: InForce | undefined;
  for await (const deployment of listModeDeployments(target)) {
    if (!hasEnded(deployment.state)) running ??= deployment;
    if (deployment.state !== "COMPLETE") continue;
    const document = await deployedDocument(target, deployment);
    if (document === undefined) continue;
    inForce = { document, version: deployment.version };
    break;
  }
  const underWay = running && {
    ...(await deploymentProgress(target, running.number)),
    to: await deployedDocument(target, running),
  };
  return { inForce, underWay };
}

/** The migration's alarms, `unhealthy` first. */
export async function readAlarms({ parts, cloudWatch }: Operated): Promise<AlarmStatus[]> {
  const { MetricAlarms = [], CompositeAlarms = [] } = await cloudWatch.send(
    new DescribeAlarmsCommand({
      AlarmNames: Object.values(parts.alarms),
      AlarmTypes: ["MetricAlarm", "CompositeAlarm"],
    }),
  );
  const byName = new Map([...MetricAlarms, ...CompositeAlarms].map((one) => [one.AlarmName, one]));
  return Object.entries(parts.alarms)
    .map(([alarm, name]) => {
      const found = byName.get(name);
      return {
        alarm,
        state: found?.StateValue ?? "MISSING",
        since: found?.StateUpdatedTimestamp?.getTime(),
      };
    })
    .toSorted((a, b) => Number(b.alarm === "unhealthy") - Number(a.alarm === "unhealthy"));
}

/** What the gate says to a document; it deploys nothing. */
export async function gateVerdict(
  { parts, lambda }: Operated,
  document: ModeDocument,
): Promise<Verdict | { readonly unreadable: string }> {
  const gate = { client: lambda, functionName: parts.gate, profileId: parts.profile };
  try {
    return await askGate(gate, document);
  } catch (error) {
    return { unreadable: messageOf(error) };
  }
}
