import type { Difference } from "./difference.ts";

/** A quoted name (left as it is, whatever stands in it) or an index. */
const QUOTED_OR_INDEX = /'(?:[^'\\]|\\[^])*'|\[\d+\]/g;

/**
 * The group that a difference belongs to: its path with every index as `[*]`, a space, and its
 * kind, such as `$.items[*].price value`. Never throws.
 */
export function signatureOf(difference: Pick<Difference, "path" | "kind">): string {
  const path = difference.path.replaceAll(QUOTED_OR_INDEX, (part) =>
    part.startsWith("[") ? "[*]" : part,
  );
  return `${path} ${difference.kind}`;
}
