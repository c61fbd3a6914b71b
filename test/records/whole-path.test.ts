/** What holds of all that leaves the process, whichever way it takes. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { paginateScan, type AttributeValue } from "@aws-sdk/client-dynamodb";
import { unmarshall } from "@aws-sdk/util-dynamodb";
import fc from "../support/property.ts";
import { defineMigration, repairHandler, type RecordStore } from "../../lib/index.ts";
import { dynamodbRepairs } from "../../lib/records/dynamodb-repairs.ts";
import { dynamodbWriter } from "../../lib/records/dynamodb-writer.ts";
import { memoryRepairs } from "../../lib/records/memory-repairs.ts";
import { comparisonRecord } from "../../lib/records/record.ts";
import { repairRecord } from "../../lib/records/repair-record.ts";
import { fixedMode, memoryMetrics } from "../../lib/testing.ts";
import { lambdaContext, wrapped } from "../support/invoke.ts";
import { openRecordsTable, TABLE } from "../support/records-table.ts";

interface Payments {
  pay(...args: any[]): Promise<any>;
  find(...args: any[]): Promise<any>;
}

function paymentsOf(v1: Payments, v2: Payments, redact?: readonly string[]) {
  return defineMigration<Payments>({
    name: "payments",
    v1,
    v2,
    operations: {
      pay: {
        kind: "write",
        dual: true,
        idempotencyKey: ({ id }) => id,
        redact,
        reconcile: (primary, _, { arguments: args }) => primary.pay(...(args ?? [])),
      },
      find: { kind: "read", redact },
    },
  });
}

describe("a secret", () => {
  /** In every secret, so that half of one is found too. */
  const CORE = "S3CR3T";
  const secret = fc.string({ maxLength: 8 }).map((text) => `${CORE}${text}${CORE}`);
  const shape = fc.array(fc.constantFrom("order", "card", "notes", "odd key"), { maxLength: 3 });
  const quoting: ((secret: string) => string)[] = [
    (text) => `no ${text}`,
    (text) => `no ${JSON.stringify({ given: [text] })}`,
    (text) => `${text}${text}`,
  ];
  const never = new AbortController().signal;
  const faults = ["none", "the table is down"] as const;

  it("leaves no trace in records, repair records, logs, metrics and reports", async () => {
    await fc.assert(
      fc.asyncProperty(
        secret,
        shape,
        fc.constantFrom(...quoting),
        fc.constantFrom(...faults),
        fc.constantFrom("id", "number"),
        async (hidden, way, quote, fault, keyedBy) => {
          const payment: any = {
            id: keyedBy === "id" ? "payment-1" : hidden,
            ...way.reduceRight<object>((inner, key) => ({ [key]: inner, echo: hidden }), {
              number: hidden,
            }),
          };
          const fails = async () => {
            throw Object.assign(new TypeError(quote(hidden)), { echo: hidden, code: hidden });
          };
          const migration = paymentsOf(
            { pay: async (given) => given, find: async (given) => [given, hidden] },
            { pay: fails, find: fails },
            ["$..number", "$..odd"],
          );
          const down = () => Promise.reject(new Error("down"));
          const repairs = memoryRepairs();
          const isDown = fault !== "none";
          const kept: unknown[] = [];
          const records: RecordStore = {
            retentionDays: 30,
            repairs: isDown ? { ...repairs, put: down, change: down } : repairs,
            write: async (comparisons) => {
              if (isDown) return down();
              kept.push(...comparisons.map((one) => comparisonRecord(one, 30)));
              return [];
            },
          };
          const { invoke, traces } = wrapped(
            migration,
            { mode: "shadow", sample: { matches: 1 } },
            async (_, context) => {
              await migration.client(context).pay(payment);
              await migration.client(context).find(payment);
            },
            { records },
          );
          await invoke();
          const out: unknown[] = [...kept, ...traces().logged];
          for (const repair of repairs.stored) {
            out.push(repairRecord(repair, repair.state, repair.why));
            out.push(Buffer.from(repair.replay ?? []).toString("latin1"));
            await repairs.put({ ...repair, dueAt: 0 }, repair.state, repair.why, never);
          }
          const metrics = memoryMetrics();
          const log = (...line: unknown[]) => void out.push(line);
          const handler = repairHandler(
            paymentsOf({ pay: fails, find: fails }, { pay: fails, find: fails }, ["$..number"]),
            {
              modeSource: fixedMode("shadow"),
              records: { ...records, repairs },
              metrics,
              logger: { warn: log, error: log },
            },
          );
          out.push(await handler({}, lambdaContext()), repairs.stored, metrics.counts);
          for (const { migration: name, operation, counts } of traces().tallies) {
            out.push(name, operation, [...counts]);
          }
          const text = JSON.stringify(out);
          assert.ok(text.includes("payments") && text.length > 1_000, "there is something to find");
          assert.ok(!text.includes(CORE), text);
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe("a value of 5 MB", () => {
  let table: Awaited<ReturnType<typeof openRecordsTable>>;
  before(async () => (table = await openRecordsTable()));
  after(() => table.close());

  const MAX_ITEM_BYTES = 400 * 1024;

  /** The size of a value by DynamoDB's rules. */
  function sizeOf(value: AttributeValue): number {
    if (value.S !== undefined) return Buffer.byteLength(value.S);
    if (value.N !== undefined) return Math.ceil(value.N.length / 2) + 1;
    if (value.B !== undefined) return value.B.length;
    if (value.L !== undefined) return value.L.reduce((sum, item) => sum + 1 + sizeOf(item), 3);
    if (value.M !== undefined) return 3 + itemSizeOf(value.M) + Object.keys(value.M).length;
    return 1;
  }

  function itemSizeOf(item: Record<string, AttributeValue>): number {
    return Object.entries(item).reduce(
      (sum, [name, value]) => sum + Buffer.byteLength(name) + sizeOf(value),
      0,
    );
  }

  async function itemsOf(requestId: string) {
    const items = [];
    for await (const page of paginateScan({ client: table.client }, { TableName: TABLE })) {
      items.push(...(page.Items ?? []));
    }
    return items.filter((item) => unmarshall(item)["requestId"] === requestId);
  }

  const large: [what: string, make: (version: string) => unknown][] = [
    ["one text", (version) => version.repeat(2_500_000)],
    ["one text of three bytes a character", (version) => version + "€".repeat(1_700_000)],
    [
      "a list of objects",
      (version) =>
        Array.from({ length: 20_000 }, (_, index) => ({ index, version, text: "x".repeat(220) })),
    ],
    ["bytes", (version) => Buffer.alloc(5_000_000, version)],
  ];
  for (const [what, make] of large) {
    it(`as ${what} is a record below 400 KB that says what was cut`, async () => {
      const version = (name: string): Payments => ({
        pay: async () => make(name),
        find: async () => make(name),
      });
      const migration = paymentsOf(version("v1"), version("v2"));
      const writer = dynamodbWriter({ table: TABLE, retentionDays: 30 });
      const { invoke, traces } = wrapped(
        migration,
        "shadow",
        async (_, context) => {
          const client = migration.client(context);
          await client.find({ id: "a", body: make("v1") });
          await client.pay({ id: "a", body: make("v1") });
        },
        { records: { ...writer, repairs: dynamodbRepairs(() => TABLE) } },
      );
      await invoke({}, lambdaContext({ requestId: what }));
      assert.equal(traces().counts["RecordsStored"], 2, traces().logged.join().slice(0, 500));
      const mine = await itemsOf(what);
      assert.equal(mine.length, 2);
      for (const item of mine) {
        assert.ok(itemSizeOf(item) < MAX_ITEM_BYTES, `${itemSizeOf(item)} bytes`);
        const { cut, outcome } = unmarshall(item);
        assert.equal(outcome, "mismatch");
        for (const part of ["v1.answer", "v2.answer", "arguments"]) assert.ok(cut.includes(part));
      }
    });
  }

  it("as the arguments of a write is a repair record below 400 KB", async () => {
    const migration = paymentsOf(
      { pay: async () => 1, find: async () => 1 },
      { pay: () => Promise.reject(new Error("x".repeat(5_000_000))), find: async () => 1 },
    );
    const { invoke, traces } = wrapped(
      migration,
      "shadow",
      (_, context) => migration.client(context).pay({ id: "a", body: "x".repeat(5_000_000) }),
      {
        records: {
          retentionDays: 30,
          write: async () => [],
          repairs: dynamodbRepairs(() => TABLE),
        },
      },
    );
    await invoke({}, lambdaContext({ requestId: "repair" }));
    assert.equal(traces().counts["RepairsDiverted"], undefined, traces().logged[0]?.slice(0, 500));
    const [item] = await itemsOf("repair");
    assert.ok(itemSizeOf(item!) < MAX_ITEM_BYTES);
    assert.equal(unmarshall(item!)["state"], "secondary-failed");
  });
});
