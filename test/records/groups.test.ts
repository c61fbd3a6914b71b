import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MAX_GROUPS, SignatureGroups } from "../../lib/records/groups.ts";
import { merge } from "../../lib/records/merge.ts";
import { comparisonRecord } from "../../lib/records/record.ts";
import { comparisonOf } from "../support/comparison.ts";

describe("groups of records", () => {
  it("are no more than so many, and say what is in none", () => {
    const groups = new SignatureGroups();
    const add = (signature: string) =>
      groups.add(comparisonRecord(comparisonOf({ signature, weight: 3 }), 30));
    for (let index = 0; index < MAX_GROUPS + 5; index++) add(`$.k${index} value`);
    add("$.k0 value");
    assert.equal(groups.toArray().length, MAX_GROUPS);
    assert.equal(groups.toArray()[0]!.weight, 6);
    assert.equal(groups.ungrouped, 15);
  });

  it("keep the gist of a record, however large it is", () => {
    const groups = new SignatureGroups();
    const big = "x".repeat(70_000);
    const differences = Array.from({ length: 90 }, (_, index) => ({
      path: `$[${index}]`,
      kind: "value" as const,
      v1: big,
      v2: big,
    }));
    groups.add(comparisonRecord(comparisonOf({ arguments: [big], differences }), 30));
    const [group] = groups.toArray();
    assert.ok(JSON.stringify(group).length < 20_000);
    assert.equal(group!.example.differences.length, 10);
  });
});

describe("sources side by side", () => {
  async function* numbers(...values: number[]) {
    yield* values;
  }

  it("are read to their ends", async () => {
    const all: number[] = [];
    for await (const value of merge([numbers(1, 2, 3), numbers(), numbers(4, 5)])) all.push(value);
    assert.deepEqual(
      all.toSorted((a, b) => a - b),
      [1, 2, 3, 4, 5],
    );
  });

  it("are no more than a step ahead of who reads, and are closed when that one has enough", async () => {
    let made = 0;
    let closed = 0;
    async function* endless() {
      try {
        for (;;) yield made++;
      } finally {
        closed++;
      }
    }
    for await (const value of merge([endless(), endless()])) if (value >= 10) break;
    assert.ok(made <= 14, `${made} were made`);
    assert.equal(closed, 2);
  });

  it("are begun where others end, if they are more than may be read at once", async () => {
    let open = 0;
    async function* source(value: number) {
      assert.ok(++open <= 2, `${open} are open`);
      yield value;
      yield value;
      open--;
    }
    const found: number[] = [];
    for await (const value of merge([1, 2, 3, 4, 5].map(source), 2)) found.push(value);
    assert.deepEqual(
      found.toSorted((a, b) => a - b),
      [1, 1, 2, 2, 3, 3, 4, 4, 5, 5],
    );
  });

  it("one that fails ends all, and no other failure is left over", async () => {
    let closed = 0;
    async function* failing() {
      yield await Promise.reject<number>(new Error("no"));
    }
    async function* other() {
      try {
        yield 1;
        yield 2;
      } finally {
        closed++;
      }
    }
    const seen: number[] = [];
    await assert.rejects(async () => {
      for await (const value of merge([failing(), failing(), other()])) seen.push(value);
    }, /no/);
    assert.equal(closed, 1);
  });
});
