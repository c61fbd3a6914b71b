import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { dynamodbComparison } from "../../lib/records/dynamodb-comparison.ts";
import { dynamodbWriter } from "../../lib/records/dynamodb-writer.ts";
import { comparisonRecord } from "../../lib/records/record.ts";
import { comparisonOf } from "../support/comparison.ts";
import { openRecordsTable, TABLE } from "../support/records-table.ts";

const signal = AbortSignal.timeout(60_000);

describe("one comparison's record", () => {
  let table: Awaited<ReturnType<typeof openRecordsTable>>;
  const read = dynamodbComparison(() => TABLE);
  const comparison = comparisonOf({ migration: "things", requestId: "a#b" });
  const record = comparisonRecord(comparison, 1);
  const at = { id: record.sk, time: record.time };
  const longAgo = Date.now() - 2 * 86_400_000;
  before(async () => {
    table = await openRecordsTable();
    const { write } = dynamodbWriter({ table: TABLE, retentionDays: 1 });
    const calibration = { ...comparison, sequence: 1, calibration: true };
    const expired = comparisonOf({ migration: "things", time: longAgo });
    assert.deepEqual(await write([comparison, calibration, expired], signal), []);
  });
  after(() => table?.close());

  it("is read by its id and its time", async () => {
    assert.deepEqual(await read("things", at, signal), record);
  });

  const none: [what: string, migration: string, of: Partial<typeof at>][] = [
    ["another migration", "others", {}],
    ["another id", "things", { id: "a#b#get#2" }],
    ["another hour", "things", { time: "2026-01-01T00:00:00.000Z" }],
    ["a calibration", "things", { id: "a#b#get#1#calibration" }],
    [
      "what has expired",
      "things",
      { id: "request-1#get#0", time: new Date(longAgo).toISOString() },
    ],
  ];
  for (const [what, migration, of] of none) {
    it(`is none of ${what}`, async () => {
      assert.equal(await read(migration, { ...at, ...of }, signal), undefined);
    });
  }
});
