import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Comparison } from "../../lib/index.ts";
import { comparisonRecord } from "../../lib/records/record.ts";
import { ChangeCounts } from "../../lib/report/changes.ts";
import type { Stretch } from "../../lib/report/stretches.ts";
import { comparisonOf } from "../support/comparison.ts";

const NOW = Date.now();

const stretch = (label: string, from: number, to: number, ...versions: string[]): Stretch => ({
  label,
  from: NOW + from,
  to: NOW + to,
  versions: new Set(versions),
});
const STRETCHES = [stretch("shadow", 0, 100, "2"), stretch("reverse-shadow", 100, 200, "3")];

const record = (given: Partial<Comparison>) => comparisonRecord(comparisonOf(given), 30);

/** `signature: calls before, calls after` of each row. */
function told(counts: ChangeCounts, comparisons = 1_000): string[] {
  const [change, ...others] = counts.changes(() => comparisons);
  assert.deepEqual(others, []);
  return change!.rows.map(
    ({ signature, before, after }) => `${signature}: ${before.calls}, ${after.calls}`,
  );
}

describe("what differed before and after", () => {
  it("is counted by signature, the heaviest first", () => {
    const counts = new ChangeCounts(STRETCHES);
    for (const [signature, documentVersion, weight] of [
      ["a", "2", 5],
      ["a", "3", 1],
      ["b", "2", 10],
      ["c", "3", 30],
      ["c", "3", 40],
    ] as const) {
      counts.add(record({ signature, documentVersion, weight, time: NOW }));
    }
    assert.deepEqual(told(counts), ["c: 0, 70", "b: 10, 0", "a: 5, 1"]);
    const [change] = counts.changes(({ label }) => (label === "shadow" ? 20 : 0));
    assert.equal(change?.rows.find(({ signature }) => signature === "b")?.before.share, 0.5);
    assert.equal(change?.rows[0]?.after.share, undefined);
  });

  it("a record belongs to the document that it names, and else to its time", () => {
    const counts = new ChangeCounts(STRETCHES);
    const cases: [signature: string, documentVersion: string, time: number][] = [
      ["old document, while the new one spreads", "2", 150],
      ["new document, before it is everywhere", "3", 90],
      ["a document by its hash, early", "0123456789ab", 50],
      ["a document by its hash, late", "0123456789ab", 150],
      ["another time", "0123456789ab", 250],
    ];
    for (const [signature, documentVersion, time] of cases) {
      counts.add(record({ signature, documentVersion, time: NOW + time }));
    }
    assert.deepEqual(told(counts).toSorted(), [
      "a document by its hash, early: 1, 0",
      "a document by its hash, late: 0, 1",
      "new document, before it is everywhere: 0, 1",
      "old document, while the new one spreads: 1, 0",
    ]);
  });

  it("a document that was in force twice has its records where their time is", () => {
    const counts = new ChangeCounts([
      stretch("first half", 0, 100, "2"),
      stretch("second half", 100, 200, "2"),
    ]);
    for (const time of [-10, 50, 150, 250]) {
      counts.add(record({ signature: "a", documentVersion: "2", time: NOW + time }));
    }
    assert.deepEqual(told(counts), ["a: 2, 2"]);
  });

  it("tells ten, and how many more there are", () => {
    const counts = new ChangeCounts(STRETCHES);
    for (let at = 0; at < 2_100; at++) {
      counts.add(record({ signature: `$.s${at}`, documentVersion: "3", weight: 1 + (at % 7) }));
    }
    const [change] = counts.changes(() => 1_000);
    assert.equal(change?.rows.length, 10);
    assert.equal(change?.more, 1_990);
    assert.ok(change.ungrouped >= 100);
  });

  it("is nothing where no two times compare", () => {
    assert.deepEqual(
      new ChangeCounts([]).changes(() => 0),
      [],
    );
    assert.deepEqual(
      new ChangeCounts(STRETCHES).changes(() => 0).map(({ rows }) => rows),
      [[]],
    );
  });
});
