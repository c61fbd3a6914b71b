import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { ScanCommand } from "@aws-sdk/client-dynamodb";
import { dynamodbWriter } from "../../lib/records/dynamodb-writer.ts";
import { groupBySignature } from "../../lib/records/groups.ts";
import { HOUR_MS } from "../../lib/records/keys.ts";
import { readCalibrations, readComparison, readComparisons } from "../../lib/records/reader.ts";
import type { Comparison } from "../../lib/index.ts";
import { comparisonOf } from "../support/comparison.ts";
import { openRecordsTable, TABLE } from "../support/records-table.ts";

const inTime = () => AbortSignal.timeout(10_000);
const many = (count: number, given: Partial<Comparison> = {}) =>
  Array.from({ length: count }, (_, index) =>
    comparisonOf({ requestId: `${given.operation ?? "many"}-${index}`, ...given }),
  );

describe("the writer on a table", () => {
  let table: Awaited<ReturnType<typeof openRecordsTable>>;
  const writer = dynamodbWriter({ table: TABLE, retentionDays: 30 });
  before(async () => (table = await openRecordsTable()));
  after(() => table.close());

  async function read(from: number, to: number, migration = "things") {
    const records = [];
    const query = { client: table.client, table: TABLE, migration, from, to };
    for await (const record of readComparisons(query)) records.push(record);
    return records;
  }

  it("writes more than a batch, and the reader finds each once", async () => {
    const time = Date.now();
    assert.deepEqual(await writer.write(many(60, { time, migration: "batches" }), inTime()), []);
    const records = await read(time, time, "batches");
    assert.equal(new Set(records.map(({ requestId }) => requestId)).size, 60);
    assert.equal(records.length, 60);
  });

  it("writes a record twice as one", async () => {
    const time = Date.now();
    const twice = comparisonOf({ time, migration: "twice" });
    await writer.write([twice], inTime());
    await writer.write([{ ...twice, outcome: "timeout" }], inTime());
    const records = await read(time, time, "twice");
    assert.deepEqual(
      records.map(({ outcome }) => outcome),
      ["timeout"],
    );
  });

  it("reads a span of time across hours, bounds included, and leaves out what is expired", async () => {
    const noon = Math.floor(Date.now() / HOUR_MS) * HOUR_MS;
    const times = [noon - 2 * HOUR_MS, noon - HOUR_MS, noon - 1, noon];
    const spans = times.map((time, index) =>
      comparisonOf({ time, migration: "spans", requestId: `r${index}` }),
    );
    const expired = comparisonOf({ time: noon - 1, migration: "spans", requestId: "expired" });
    await writer.write(spans, inTime());
    await dynamodbWriter({ table: TABLE, retentionDays: 0 }).write([expired], inTime());
    const found = (await read(noon - HOUR_MS, noon - 1, "spans")).map(({ requestId }) => requestId);
    assert.deepEqual(found.toSorted(), ["r1", "r2"]);
  });

  it("finds one record by its id, and reads what a retry left in two hours once", async () => {
    const noon = Math.floor(Date.now() / HOUR_MS) * HOUR_MS;
    const retried = (time: number) => comparisonOf({ time, migration: "again", requestId: "r" });
    await writer.write(
      [retried(noon - 1), ...many(3, { time: noon, migration: "again" })],
      inTime(),
    );
    await writer.write([retried(noon)], inTime());
    const span = { from: noon - 20 * HOUR_MS, to: noon };
    const progress: number[] = [];
    const query = {
      client: table.client,
      table: TABLE,
      migration: "again",
      ...span,
      onProgress: (done: number, all: number) => progress.push(done / all),
    };
    const ids = [];
    for await (const { sk } of readComparisons(query)) ids.push(sk);
    assert.equal(ids.length, 4);
    assert.equal(progress.at(-1), 1);
    const found = await readComparison(query, "r#get#0");
    assert.equal(found?.time, new Date(noon).toISOString(), "the later one");
    assert.equal(await readComparison(query, "other#get#0"), undefined);
    const earlier = { ...query, to: noon - 1 };
    assert.equal(
      (await readComparison(earlier, "r#get#0"))?.time,
      new Date(noon - 1).toISOString(),
    );
  });

  it("reads what a retry left hours later once, as it stands there, in days on end", async () => {
    const noon = Math.floor(Date.now() / HOUR_MS) * HOUR_MS;
    const hours = Array.from({ length: 34 }, (_, index) => noon - index * HOUR_MS);
    const migration = "retries";
    const retried = hours.slice(7).map((time, index) => {
      const requestId = `r${index}`;
      return [time, time + (1 + (index % 7)) * HOUR_MS].map((at) =>
        comparisonOf({ time: at, migration, requestId }),
      );
    });
    assert.deepEqual(await writer.write(retried.flat(), inTime()), []);
    const found = await read(hours.at(-1)!, noon, migration);
    assert.deepEqual(
      found.map(({ requestId, time }) => `${requestId} ${time}`).toSorted(),
      retried
        .map(([, last]) => `${last!.requestId} ${new Date(last!.time).toISOString()}`)
        .toSorted(),
    );
  });

  it("keeps calibrations apart from the comparisons of the same calls", async () => {
    const time = Date.now();
    const compared = many(30, { time, migration: "apart" });
    const calibrated = compared.map((given) => ({ ...given, calibration: true, weight: 100 }));
    assert.deepEqual(await writer.write([...compared, ...calibrated], inTime()), []);
    const query = { client: table.client, table: TABLE, migration: "apart", from: time, to: time };
    const weights = async (records: AsyncIterable<{ weight: number }>) => {
      const found: number[] = [];
      for await (const { weight } of records) found.push(weight);
      return found;
    };
    assert.deepEqual(await weights(readComparisons(query)), Array(30).fill(1));
    assert.deepEqual(await weights(readCalibrations(query)), Array(30).fill(100));
  });

  it("groups by signature, the heaviest first, with the newest example", async () => {
    const time = Date.now();
    await writer.write(
      [
        ...many(3, { time, migration: "groups", operation: "a", signature: "$.a value" }),
        ...many(2, {
          time,
          migration: "groups",
          operation: "b",
          signature: "$.b value",
          weight: 10,
        }),
        comparisonOf({
          time: time + 1,
          migration: "groups",
          operation: "a",
          signature: "$.a value",
          requestId: "newest",
          leftOut: 5,
        }),
      ],
      inTime(),
    );
    const groups = await groupBySignature(await read(time, time + 1, "groups"));
    assert.deepEqual(
      groups.map(({ signature, weight, records }) => [signature, weight, records]),
      [
        ["$.b value", 20, 2],
        ["$.a value", 9, 4],
      ],
    );
    assert.equal(groups[1]?.example.requestId, "newest");
  });

  it("writes what DynamoDB leaves unprocessed again, until all is written", async () => {
    let rounds = 0;
    const undo = table.gateway.inject({
      service: "dynamodb",
      when: ({ headers, body }) => {
        if (!String(headers["x-amz-target"]).endsWith("BatchWriteItem") || rounds === 3)
          return false;
        return (rounds++, body.length > 0);
      },
      respond: ({ body }) => ({
        status: 200,
        headers: { "content-type": "application/x-amz-json-1.0" },
        body: JSON.stringify({ UnprocessedItems: JSON.parse(body.toString()).RequestItems }),
      }),
    });
    const time = Date.now();
    const left = await writer.write(many(5, { time, migration: "unprocessed" }), inTime());
    undo();
    assert.deepEqual(left, []);
    assert.equal(rounds, 3);
    assert.equal((await read(time, time, "unprocessed")).length, 5);
  });

  it("gives back what is unprocessed to the last, and what is refused, with the reason", async () => {
    const respond = (status: number, body: object) => () => ({
      status,
      headers: { "content-type": "application/x-amz-json-1.0" },
      body: JSON.stringify(body),
    });
    const cases: [() => any, RegExp][] = [
      [
        respond(400, { __type: "com.amazon.coral.service#AccessDeniedException", Message: "no" }),
        /AccessDenied/,
      ],
      [
        respond(400, { __type: "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException" }),
        /ResourceNotFound/,
      ],
    ];
    for (const [response, why] of cases) {
      const undo = table.gateway.inject({ service: "dynamodb", respond: response });
      const comparisons = many(30);
      const unwritten = await writer.write(comparisons, inTime());
      undo();
      assert.equal(unwritten.length, 30);
      assert.deepEqual(
        new Set(unwritten.map(({ comparison }) => comparison)),
        new Set(comparisons),
      );
      assert.match(unwritten[0]!.why, why);
    }
    const controller = new AbortController();
    const undo = table.gateway.inject({
      service: "dynamodb",
      respond: ({ body }) => {
        controller.abort();
        return respond(200, { UnprocessedItems: JSON.parse(body.toString()).RequestItems })();
      },
    });
    const unwritten = await writer.write(many(2), controller.signal);
    undo();
    assert.equal(unwritten.length, 2);
  });

  it("gives up on a table that hangs when its time is over", async () => {
    const controller = new AbortController();
    const undo = table.gateway.inject({
      service: "dynamodb",
      when: () => (controller.abort(), true),
      respond: () => "hang",
    } as any);
    const [unwritten] = await writer.write(many(1), controller.signal);
    undo();
    assert.match(unwritten!.why, /Abort/);
  });

  it("writes the others where one item is refused", async () => {
    const time = Date.now();
    // DynamoDB's sort key has at most 1,024 bytes, and one that has more fails its whole batch.
    const poison = comparisonOf({ time, migration: "poison", requestId: "x".repeat(2_000) });
    const good = many(3, { time, migration: "poison" });
    const unwritten = await writer.write([good[0]!, poison, good[1]!, good[2]!], inTime());
    assert.deepEqual(
      unwritten.map(({ comparison }) => comparison),
      [poison],
    );
    assert.equal((await read(time, time, "poison")).length, 3);
  });

  it("leaves every item with the attribute that lets DynamoDB delete it", async () => {
    const { Items = [] } = await table.client.send(new ScanCommand({ TableName: TABLE }));
    assert.ok(Items.length > 0);
    for (const { expiresAt } of Items) assert.match(expiresAt?.N ?? "", /^\d{10}$/);
  });
});
