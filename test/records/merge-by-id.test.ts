import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { mergeById } from "../../lib/records/merge-by-id.ts";
import { comparisonRecord, type ComparisonRecord } from "../../lib/records/record.ts";
import { comparisonOf } from "../support/comparison.ts";
import fc from "../support/property.ts";

const template = comparisonRecord(comparisonOf(), 30);
const recordOf = (sk: string, pk = ""): ComparisonRecord => ({ ...template, pk, sk });
const utf8Order = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));

async function* pagesOf(
  ids: readonly string[],
  pageRecords = 1,
  source = "",
): AsyncGenerator<ComparisonRecord[]> {
  for (let at = 0; at < ids.length; at += pageRecords) {
    yield ids.slice(at, at + pageRecords).map((id) => recordOf(id, source));
  }
}

async function all(pages: AsyncIterable<ComparisonRecord[]>): Promise<ComparisonRecord[]> {
  const records: ComparisonRecord[] = [];
  for await (const page of pages) records.push(...page);
  return records;
}

describe("sources merged by id", () => {
  it("have every id once, with the last source's record, however their pages fall", async () => {
    // Few ids, so that many are in several sources; some that JavaScript sorts otherwise than DynamoDB.
    const id = fc.constantFrom("", "a", "a#1", "b", "é", "\u{ffff}", "\u{1f600}", "\u{1f600}x");
    const source = fc.record({
      ids: fc.uniqueArray(id),
      pageRecords: fc.integer({ min: 1, max: 4 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(source, { maxLength: 5 }), async (sources) => {
        const merged = await all(
          mergeById(
            sources.map(({ ids, pageRecords }, at) =>
              pagesOf(ids.toSorted(utf8Order), pageRecords, String(at)),
            ),
          ),
        );
        const last = new Map(sources.flatMap(({ ids }, at) => ids.map((one) => [one, String(at)])));
        assert.equal(merged.length, last.size);
        assert.deepEqual(new Map(merged.map(({ sk, pk }) => [sk, pk])), last);
      }),
    );
  });

  it("may have pages of which nothing is left", async () => {
    async function* source() {
      yield [];
      yield [recordOf("a")];
      yield [];
    }
    assert.deepEqual(
      (await all(mergeById([source(), source()]))).map(({ sk }) => sk),
      ["a"],
    );
  });

  it("are a page ahead of who reads at the most, and closed when that one has enough", async () => {
    let ahead = 0;
    let closed = 0;
    async function* endless(name: string) {
      try {
        for (let page = 100_000; ; page++) {
          ahead += 2;
          yield [recordOf(`${page}-${name}`), recordOf(`${page}-${name}-again`)];
        }
      } finally {
        closed++;
      }
    }
    let read = 0;
    for await (const page of mergeById(["a", "b", "c"].map(endless))) {
      ahead -= page.length;
      assert.ok(ahead <= 3 * 2, `${ahead} records are held`);
      if (++read === 1_000) break;
    }
    assert.equal(closed, 3);
  });

  it("are all closed when one fails", async () => {
    let closed = 0;
    async function* failing() {
      yield [recordOf("a")];
      throw new Error("no");
    }
    async function* other() {
      try {
        yield [recordOf("b")];
        yield [recordOf("c")];
      } finally {
        closed++;
      }
    }
    await assert.rejects(all(mergeById([failing(), other(), failing()])), /no/);
    assert.equal(closed, 1);
  });
});
