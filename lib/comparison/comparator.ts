import type { Difference } from "./difference.ts";
import { describe } from "./describe.ts";
import { listDifferences } from "./differences.ts";
import { equalUnder } from "./equality.ts";
import { compileRules } from "./rules.ts";
import type { CompareRules, CompiledRules } from "./rules.ts";
import { sameError } from "./same-error.ts";
import { signatureOf } from "./signature.ts";
import { Capped, CycleFound, NotComparable, Walk } from "./walk.ts";

/** What came of comparing two answers. */
export type Verdict =
  | { outcome: "match" }
  /** They differ, but only in what is ignored, or `ignoreWhen` gave a reason. */
  | { outcome: "ignored"; reason: string }
  | {
      outcome: "mismatch";
      /** At least one, in the order of V1's keys, then of those that only V2 has. */
      differences: Difference[];
      /** Whether there are more differences than `maxDifferences`. */
      truncated: boolean;
      /** The signature of the first difference. */
      signature: string;
    }
  | { outcome: "not-compared"; reason: string };

/** Compares what two versions returned or threw. */
export interface Comparator {
  /**
   * Compares two answers. Never throws and never rejects: what goes wrong is `not-compared`, with
   * the reason. The verdict comes as a promise only when `equal` returned one.
   */
  answers(v1: unknown, v2: unknown): Verdict | Promise<Verdict>;
  /** Compares two errors. Never throws; errors that can't be compared are different. */
  errors(v1Error: unknown, v2Error: unknown): "same-error" | "different-error";
}

/**
 * Compiles the rules of one operation.
 *
 * @example
 * const items = comparator({ unordered: ["$.items"], ignore: ["$..etag"] });
 * items.answers({ items: [1, 2] }, { items: [2, 1] }); // { outcome: "match" }
 *
 * @throws TypeError or RangeError that names the option, what it got and what is allowed
 */
export function comparator(rules?: CompareRules): Comparator {
  const compiled = compileRules(rules);
  return {
    answers: (v1, v2) => {
      try {
        return compareAnswers(compiled, v1, v2);
      } catch (error) {
        return notCompared(error);
      }
    },
    errors: (v1Error, v2Error) => {
      try {
        const same = (compiled.errors ?? sameError)(v1Error, v2Error);
        return same === true ? "same-error" : "different-error";
      } catch {
        return "different-error";
      }
    },
  };
}

const MATCH: Verdict = Object.freeze({ outcome: "match" });

/** A user's function threw, or returned what it must not. */
class RuleFailed extends Error {
  override readonly name = "RuleFailed";
}

function compareAnswers(
  rules: CompiledRules,
  answer1: unknown,
  answer2: unknown,
): Verdict | Promise<Verdict> {
  const v1 = normalized("normalize.v1", rules.normalizeV1, answer1);
  const v2 = normalized("normalize.v2", rules.normalizeV2, answer2);
  if (rules.equal === undefined) return compareByRules(rules, v1, v2);

  const equal: unknown = guarded("equal", () => rules.equal?.(v1, v2));
  if (!isThenable(equal)) return judge(rules, v1, v2, equal);
  // Not Promise.resolve, which gives a promise back as it is, with a "then" that may be anyone's.
  return new Promise((resolve) => resolve(equal)).then(
    (settled) => {
      try {
        return judge(rules, v1, v2, settled);
      } catch (error) {
        return notCompared(error);
      }
    },
    (error: unknown) => notCompared(new RuleFailed(`equal rejected with ${describe(error)}`)),
  );
}

/** The verdict on what `equal` said. */
function judge(rules: CompiledRules, v1: unknown, v2: unknown, equal: unknown): Verdict {
  if (equal === true) return MATCH;
  if (equal !== false)
    throw new RuleFailed(`equal returned ${describe(equal)}; allowed is a boolean`);
  return mismatch(rules, v1, v2, {
    differences: [{ path: "$", kind: "value", v1, v2 }],
    truncated: false,
  });
}

function compareByRules(rules: CompiledRules, v1: unknown, v2: unknown): Verdict {
  try {
    return compareByWalk(rules, v1, v2, false);
  } catch (error) {
    if (!(error instanceof CycleFound)) throw error;
    return compareByWalk(rules, v1, v2, true);
  }
}

function compareByWalk(rules: CompiledRules, v1: unknown, v2: unknown, cyclic: boolean): Verdict {
  const { root, maxNodes, maxMs, maxDifferences } = rules;
  const fast = new Walk(equalUnder, maxNodes, maxMs, cyclic);
  if (equalUnder(fast, v1, v2, root, 0))
    return fast.hidden.length === 0
      ? MATCH
      : { outcome: "ignored", reason: `ignore: ${fast.hidden.join(", ")}` };
  const walk = new Walk(equalUnder, maxNodes, maxMs, cyclic);
  const list = listDifferences(walk, v1, v2, root, maxDifferences);
  if (list.differences.length === 0) throw new NotComparable("the answers change while compared");
  return mismatch(rules, v1, v2, list);
}

function mismatch(
  rules: CompiledRules,
  v1: unknown,
  v2: unknown,
  { differences, truncated }: { differences: Difference[]; truncated: boolean },
): Verdict {
  const reason = guarded("ignoreWhen", () => rules.ignoreWhen?.(v1, v2)) ?? false;
  if (typeof reason === "string" && reason !== "") return { outcome: "ignored", reason };
  if (reason !== false && reason !== "")
    throw new RuleFailed(
      `ignoreWhen returned ${describe(reason)}; allowed is a string, undefined, null or false`,
    );
  const signature = signatureOf(differences[0] as Difference);
  return { outcome: "mismatch", differences, truncated, signature };
}

function normalized(
  name: string,
  normalize: ((value: unknown) => unknown) | undefined,
  value: unknown,
): unknown {
  return normalize === undefined ? value : guarded(name, () => normalize(value));
}

function guarded<T>(name: string, call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw new RuleFailed(`${name} threw ${describe(error)}`, { cause: error });
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    ((typeof value === "object" && value !== null) || typeof value === "function") &&
    typeof (value as { then?: unknown }).then === "function"
  );
}

function notCompared(error: unknown): Verdict {
  return { outcome: "not-compared", reason: reasonOf(error) };
}

function reasonOf(error: unknown): string {
  try {
    if (error instanceof Capped || error instanceof NotComparable || error instanceof RuleFailed)
      return error.message;
  } catch {
    // A Proxy was thrown, and threw in turn.
  }
  return `comparing threw ${describe(error)}`;
}
