import type { Comparison } from "../../lib/index.ts";

/** A mismatch, but for what the test says otherwise. */
export function comparisonOf(given: Partial<Comparison> = {}): Comparison {
  return {
    migration: "things",
    operation: "get",
    mode: "shadow",
    documentVersion: "3",
    requestId: "request-1",
    sequence: 0,
    time: Date.now(),
    primary: "v1",
    outcome: "mismatch",
    fallback: false,
    v1: { status: "answered", durationMs: 1.5, value: { id: 1 } },
    v2: { status: "answered", durationMs: 2.5, value: { id: 2 } },
    arguments: ["a"],
    differences: [{ path: "$.id", kind: "value", v1: 1, v2: 2 }],
    truncated: false,
    signature: "$.id value",
    weight: 1,
    ...given,
  };
}
