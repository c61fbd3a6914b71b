import type { Plan } from "../call/plan.ts";
import type { OtherRepair, StoredRepair } from "../call/repair.ts";
import { otherVersion } from "../mode/mode.ts";

/** What a repair pass does about a repair. */
export type Decision =
  | { readonly action: "reconcile" }
  /** The secondary runs again with the same arguments and the same key. */
  | { readonly action: "run-again" }
  /** It is a person's to decide. */
  | { readonly action: "leave"; readonly why: string };

/** What a decision goes by, beside the repair itself. */
export interface Circumstances {
  /** What the mode has for the write's key now. */
  readonly plan: Plan;
  /** Whether the operation has a `reconcile`. */
  readonly reconciles: boolean;
  /** The other repairs of the same subject that are not done. */
  readonly others: readonly OtherRepair[];
  /** Whether a person has looked into what became of the write, and wants the secondary to have it. */
  readonly approved?: boolean;
  /** Epoch milliseconds. */
  readonly now: number;
}

/** Milliseconds by which the clocks of two environments may differ. */
const CLOCK_SKEW_MS = 1_000;

/** Whether two writes were under way at the same time, so that the primary may have had either first. */
export function wereAtOnce(one: OtherRepair, other: OtherRepair): boolean {
  const skewMs = one.requestId === other.requestId ? 0 : CLOCK_SKEW_MS;
  const endOf = ({ endedAt, dueAt }: OtherRepair) => (endedAt ?? dueAt) + skewMs;
  return one.time < endOf(other) && other.time < endOf(one);
}

/** Those of the other repairs that go the other way. */
export function crossing(
  { primary }: OtherRepair,
  others: readonly OtherRepair[],
): readonly OtherRepair[] {
  return others.filter((other) => other.primary !== primary);
}

/** Decides what to do about a repair that is due. */
export function decide(repair: StoredRepair, circumstances: Circumstances): Decision {
  const { plan, reconciles, others, approved = false, now } = circumstances;
  const leave = (why: string): Decision => ({ action: "leave", why });
  if (plan.secondary === undefined && plan.primary !== repair.primary) {
    // The version that the write went to first gets no writes any more, while the other one goes on.
    return leave(
      `in the mode ${plan.mode} nothing is written to ${repair.primary} any more, so it is no measure`,
    );
  }
  const waits = whyCrossingWaits(repair, circumstances);
  if (waits !== undefined) return leave(waits);
  if (reconciles) return { action: "reconcile" };
  const { state, why, replay, idempotencyKey } = repair;
  if (state !== "secondary-failed" && !approved) {
    return leave(`${state}${why === undefined ? "" : ` (${why})`}, and there is no reconcile`);
  }
  if (replay === undefined || idempotencyKey === undefined) {
    return leave("its arguments or its key could not be kept, and there is no reconcile");
  }
  // What is run again must come in the order in which the primary had it.
  const inDoubt =
    [repair, ...others].some(({ overlapped }) => overlapped) ||
    others.some((other) => wereAtOnce(repair, other));
  if (inDoubt && !approved) {
    return leave("another write of the same key was under way, and there is no reconcile");
  }
  const isBefore = ({ primary, time }: OtherRepair) =>
    primary === repair.primary && time < repair.time;
  if (others.some((other) => isBefore(other) || other.dueAt > now)) {
    return leave("another write of the same key comes first, or is under way");
  }
  return { action: "run-again" };
}

/**
 * Says why a repair waits for one that goes the other way. In shadow V1 is the first to have a write, in
 * reverse-shadow V2, so that each may lack what the other has. Whichever is repaired first is what is
 * left of the two, so nothing may come before a newer one. An ambiguous one may copy what is older than
 * both, so it comes last; and so may a killed one, but it is taken for done, since its caller may have
 * seen it succeed: `reconcile` is told what it crosses, and can look. The order is the same for both of a
 * pair, whatever can be done about either, so that one of them can go on.
 */
function whyCrossingWaits(
  repair: StoredRepair,
  { others, now }: Circumstances,
): string | undefined {
  const those = crossing(repair, others);
  const another = `another write of the same key, which ${otherVersion(repair.primary)} had first`;
  const underWay = those.find(({ dueAt }) => dueAt > now);
  if (underWay !== undefined) return `${another}, may be under way: ${underWay.id}`;
  const isInDoubt = ({ state }: OtherRepair) => state === "ambiguous";
  const first = those.find((other) =>
    isInDoubt(other) === isInDoubt(repair) ? other.time > repair.time : isInDoubt(repair),
  );
  return first && `${another}, is to be repaired first: ${first.id}`;
}
