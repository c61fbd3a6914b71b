import type { ModeDocument } from "../mode/mode-document.ts";
import { moveKind } from "../rollout/move-kind.ts";
import { BY_GUARD, type PastDeployment, type Undoing } from "../rollout/past-deployment.ts";
import type { Points } from "../rollout/points.ts";
import type { Span } from "./span.ts";

/**
 * Who or what took a step back:
 * - `alarm`: AppConfig, since an alarm went off while it deployed or baked;
 * - `guard`: the rollback guard, since `unhealthy` went off;
 * - `operator`: somebody, with `segue rollback` or otherwise;
 * - `appconfig`: AppConfig, for a reason of its own, such as an extension that failed.
 */
export type RollbackCause = "alarm" | "guard" | "operator" | "appconfig";

/** A step back. */
export interface Rollback {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly from: ModeDocument;
  readonly to: ModeDocument;
  /** The deployment was undone, or it brought the document of before. */
  readonly way: "undone" | "deployed";
  readonly cause: RollbackCause;
  /** In the words of whoever took it; may be empty. */
  readonly description: string;
  readonly deployment: number;
}

/** What the metric `GuardRollbacks` has. */
export interface GuardCounts {
  readonly points: Points;
  readonly periodMs: number;
}

/**
 * The steps back in a span of time, in order.
 *
 * @param deployments the oldest first.
 */
export function rollbacksOf(
  deployments: readonly PastDeployment[],
  { from, to }: Span,
  guard: GuardCounts,
): Rollback[] {
  const rollbacks: Rollback[] = [];
  let inForce: PastDeployment | undefined;
  for (const deployment of deployments) {
    const rollback = inForce && stepBackOf(deployment, inForce.document);
    if (rollback !== undefined) rollbacks.push(rollback);
    if (deployment.completedAt !== undefined) inForce = deployment;
  }
  return withGuardStops(rollbacks, guard).filter(({ at }) => at >= from && at <= to);
}

/** The step back that a deployment was, or that undid it. A change of sampling is none, nor its end. */
function stepBackOf(
  { number, document, description, startedAt, undone }: PastDeployment,
  before: ModeDocument,
): Rollback | undefined {
  const kind = moveKind(before, document);
  if (kind === "rollback" && undone === undefined) {
    return {
      at: startedAt,
      from: before,
      to: document,
      way: "deployed",
      cause: description.startsWith(BY_GUARD) ? "guard" : "operator",
      description,
      deployment: number,
    };
  }
  if ((kind === "promotion" || kind === "skip") && undone !== undefined) {
    return {
      at: undone.at,
      from: document,
      to: before,
      way: "undone",
      cause: causeOf(undone),
      description: undone.description,
      deployment: number,
    };
  }
  return undefined;
}

function causeOf({ triggeredBy }: Undoing): RollbackCause {
  if (triggeredBy === "CLOUDWATCH_ALARM") return "alarm";
  return triggeredBy === "USER" ? "operator" : "appconfig";
}

/**
 * To AppConfig the guard is a user like any other where it stops a deployment: only the guard's metric
 * tells. What the metric counts is put down to the guard's own deployments first.
 */
function withGuardStops(
  rollbacks: readonly Rollback[],
  { points, periodMs }: GuardCounts,
): Rollback[] {
  const left = new Map(points);
  // The guard counts a step when it is done, which may be in the next period.
  const take = (at: number): boolean => {
    const period = Math.floor(at / periodMs) * periodMs;
    const found = [period, period + periodMs].find((time) => (left.get(time) ?? 0) >= 1);
    if (found !== undefined) left.set(found, left.get(found)! - 1);
    return found !== undefined;
  };
  for (const { cause, at } of rollbacks) if (cause === "guard") take(at);
  return rollbacks.map((rollback) =>
    rollback.cause === "operator" && rollback.way === "undone" && take(rollback.at)
      ? { ...rollback, cause: "guard" }
      : rollback,
  );
}
