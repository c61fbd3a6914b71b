import type { Mode, Version } from "../mode/mode.ts";
import type { ModeDocument } from "../mode/mode-document.ts";

/** Who runs in one call, and who answers. */
export interface Plan {
  readonly mode: Mode;
  /** The version whose answer the caller gets. */
  readonly primary: Version;
  /** The version that runs beside it, if one does. */
  readonly secondary?: Version;
  /** Whether the secondary's answer stands in for a primary that fails. */
  readonly fallback: boolean;
}

/** A plan that has a secondary. */
export type DoublePlan = Plan & Required<Pick<Plan, "secondary">>;

export function hasSecondary(plan: Plan): plan is DoublePlan {
  return plan.secondary !== undefined;
}

/** What the decision needs to know of an operation. */
export interface PlannedOperation {
  readonly kind: "read" | "write" | "dual-write";
  /** Whether a read in `reverse-shadow` is answered from V1 when V2 fails. */
  readonly fallback: boolean;
}

/** The four modes' semantics, whole. */
const PLANS: Readonly<Record<Mode, Readonly<Record<PlannedOperation["kind"], Plan>>>> = {
  old: {
    read: { mode: "old", primary: "v1", fallback: false },
    write: { mode: "old", primary: "v1", fallback: false },
    "dual-write": { mode: "old", primary: "v1", fallback: false },
  },
  shadow: {
    read: { mode: "shadow", primary: "v1", secondary: "v2", fallback: false },
    write: { mode: "shadow", primary: "v1", fallback: false },
    "dual-write": { mode: "shadow", primary: "v1", secondary: "v2", fallback: false },
  },
  "reverse-shadow": {
    read: { mode: "reverse-shadow", primary: "v2", secondary: "v1", fallback: true },
    write: { mode: "reverse-shadow", primary: "v2", fallback: false },
    "dual-write": { mode: "reverse-shadow", primary: "v2", secondary: "v1", fallback: false },
  },
  new: {
    read: { mode: "new", primary: "v2", fallback: false },
    write: { mode: "new", primary: "v2", fallback: false },
    "dual-write": { mode: "new", primary: "v2", fallback: false },
  },
};

const REVERSE_SHADOW_READ_WITHOUT_FALLBACK: Plan = {
  ...PLANS["reverse-shadow"].read,
  fallback: false,
};

/**
 * Decides who runs and who answers, from the mode document, the operation and the key.
 *
 * @param bucket the key's place in the ramp, from 0 (included) to 100 (excluded). It is asked for
 *   only where a ramp is under way, since a hash is the dearest part of the decision.
 */
export function planCall(
  document: ModeDocument,
  operation: PlannedOperation,
  bucket: () => number,
): Plan {
  const { mode, ramp } = document;
  const plan =
    PLANS[ramp !== undefined && bucket() < ramp.percent ? ramp.mode : mode][operation.kind];
  return plan.fallback && !operation.fallback ? REVERSE_SHADOW_READ_WITHOUT_FALLBACK : plan;
}
