import assert from "node:assert/strict";
import { test } from "node:test";
import type { CompareRules } from "../../lib/comparison/index.ts";
import { differences } from "./support.ts";

type Tolerance = Omit<NonNullable<CompareRules["tolerance"]>[number], "path">;

const within: [tolerance: Tolerance, v1: unknown, v2: unknown, equal: boolean][] = [
  [{ absolute: 0.5 }, 1, 1.5, true],
  [{ absolute: 0.5 }, 1, 1.6, false],
  [{ absolute: 0 }, 0, -0, true],
  [{ absolute: 1 }, 1, "1", false],
  [{ absolute: 1 }, 1n, 2n, false],
  [{ absolute: Infinity }, 1, Number.NaN, false],
  [{ absolute: 1 }, Number.NaN, Number.NaN, true],
  [{ relative: 0.01 }, 100, 101, true],
  [{ relative: 0.01 }, 100, 102, false],
  [{ relative: 0.01 }, -100, -101, true],
  [{ relative: 0.5 }, -1, 1, false],
  [{ relative: 1 }, 1, Infinity, false],
  [{ relative: 1 }, Infinity, -Infinity, false],
  [{ relative: 0.01, absolute: 5 }, 1, 6, true],
  [{ relative: 0.01, absolute: 5 }, 1_000, 1_010, true],
  [{ dateMs: 10 }, new Date(0), new Date(10), true],
  [{ dateMs: 10 }, new Date(0), new Date(11), false],
  [{ dateMs: 10 }, new Date(0), new Date(Number.NaN), false],
  [{ dateMs: 10 }, new Date(Number.NaN), new Date(Number.NaN), true],
  [{ dateMs: 10 }, new Date(0), 5, false],
  [{ dateMs: 10 }, 0, 5, false],
  [{ absolute: 10 }, new Date(0), new Date(5), false],
  [{ dateMs: 10 }, Object.assign(new Date(0), { k: 1 }), new Date(5), false],
  [{ dateMs: 1_000 }, "2026-01-01T00:00:00Z", "2026-01-01T00:00:01.000Z", true],
  [{ dateMs: 1_000 }, "2026-01-01T00:00:00Z", "2026-01-01T01:00:00+01:00", true],
  [{ dateMs: 1_000 }, "2026-01-01T00:00:00Z", "2026-01-01T00:00:01.001Z", false],
  [{ dateMs: 86_400_000 }, "2026-01-01", "2026-01-02", true],
  [{ dateMs: 1_000 }, "2026-99-99", "2026-99-98", false],
  [{ dateMs: 1_000 }, "1", "2", false],
  [{ dateMs: 1_000 }, "Thu, 01 Jan 2026 00:00:00 GMT", "Thu, 01 Jan 2026 00:00:00 UTC", false],
  [{ dateMs: 1_000 }, "2026-01-01T00:00:00Z", new Date("2026-01-01T00:00:00Z"), false],
];

for (const [tolerance, v1, v2, equal] of within)
  test(`${JSON.stringify(tolerance)}: ${String(v1)} and ${String(v2)} are ${equal ? "" : "not "}equal`, () => {
    const rules = { tolerance: [{ path: "$.a[*]", ...tolerance }] };
    for (const [x, y] of [
      [v1, v2],
      [v2, v1],
    ]) {
      assert.equal(differences({ a: [x] }, { a: [y] }, rules).length === 0, equal);
      // The same inside an array without order, where values find each other by hash.
      const unordered = { ...rules, unordered: ["$.a"] };
      const filled = [{ a: [x, "x", 99] }, { a: ["x", 99, y] }] as const;
      assert.equal(differences(...filled, unordered).length === 0, equal);
    }
  });

test("a tolerance holds at its path alone", () => {
  const rules = { tolerance: [{ path: "$.items[*].price", absolute: 1 }] };
  const v1 = { items: [{ price: 1, count: 1 }], price: 1 };
  const v2 = { items: [{ price: 2, count: 2 }], price: 2 };
  assert.deepEqual(differences(v1, v2, rules), ["$.items[0].count value", "$.price value"]);
});

test("of several tolerances at one place the widest holds", () => {
  const tolerance = [
    { path: "$..price", absolute: 1 },
    { path: "$.price", absolute: 5 },
  ];
  assert.deepEqual(
    differences({ price: 1, a: { price: 1 } }, { price: 6, a: { price: 3 } }, { tolerance }),
    ["$.a.price value"],
  );
});

test("another order within the tolerance is an order", () => {
  const rules = { tolerance: [{ path: "$[*]", absolute: 0.1 }] };
  assert.deepEqual(differences([1, 2, 3], [3.05, 1, 2], rules), ["$ order"]);
});
