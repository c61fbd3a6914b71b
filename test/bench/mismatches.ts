/**
 * What `segue mismatches` takes for a million records: records a second, and the process's peak of
 * resident memory, against that for a tenth of them. In one case all lie in one hour, in the other one
 * they are spread over a day, whose hours are read side by side.
 *
 * The command is the real one, as a process, against the example's stack on the local cloud. Of the
 * records' table the pages alone are made up as they are asked for, behind DynamoDB's protocol, so that
 * the command is measured and not the filling of a table; making them up takes CPU time of another
 * process. A record is 1 KB or so as DynamoDB's JSON. The command's heap has a limit, since without one a
 * peak is garbage for the most part; who held all ids, or all records, would not come to an end in it.
 * Peaks are read from Linux's `/proc`.
 *
 *     node test/bench/mismatches.ts [--json]
 *
 * With --json one object a line: `name`, `value`, `unit`, `bar` (the value may be as much), `peer`.
 * Exits 1 when a bar is missed.
 */
import assert from "node:assert/strict";
import { marshall } from "@aws-sdk/util-dynamodb";
import type { ServiceRequest, ServiceResponse } from "../../lib/local/service.ts";
import { comparisonPartitions, HOUR_MS, SHARDS } from "../../lib/records/keys.ts";
import { comparisonRecord } from "../../lib/records/record.ts";
import { comparisonOf } from "../support/comparison.ts";
import { report, type Figure } from "../support/figures.ts";
import { segue } from "../support/segue-command.ts";
import { openStack } from "../support/stack-cloud.ts";

const RECORDS = 1_000_000;
const TENTH = RECORDS / 10;
const MAX_GROWTH = 1.5;
const MAX_PEAK_MB = 400;

const MIGRATION = "customer-ids";
const SIGNATURES = 20;

/**
 * Hours of the records, and the heap's limit: a day's hours have a page each. The command's span, a day,
 * begins within an hour, which is left out.
 */
const CASES = {
  "one hour": { hours: 1, heapMb: 160 },
  "a day": { hours: 23, heapMb: 256 },
} as const;
type Case = (typeof CASES)[keyof typeof CASES];

/** DynamoDB's limit of a page. */
const MAX_PAGE_BYTES = 1_048_576;

/** Has the command's process tell its peak when it exits. */
const TELL_PEAK = `--import=data:text/javascript,${encodeURIComponent(
  `import { readFileSync } from "node:fs";
  process.on("exit", () =>
    console.error(/VmHWM:.*/.exec(readFileSync("/proc/self/status", "utf8"))[0]));`,
)}`;

/** Stand for what differs from record to record; of the same length, so that sizes are right. */
const PK = "<pk>";
const ID = "<0000000-0000-4000-8000-00000000000>";

/** The items of a record of each signature, as text. */
function templates(time: number): string[] {
  return Array.from({ length: SIGNATURES }, (_, index) => {
    const path = `$.customers[3].field${index}`;
    const answer = (state: string) => ({
      customers: Array.from({ length: 4 }, (__, at) => ({ id: `customer-${at}`, state })),
    });
    const comparison = comparisonOf({
      migration: MIGRATION,
      operation: "customerIds",
      requestId: ID,
      time,
      v1: { status: "answered", durationMs: 12.3, value: answer("active") },
      v2: { status: "answered", durationMs: 23.4, value: answer("pending") },
      differences: [{ path, kind: "value", v1: "active", v2: "pending" }],
      signature: `${path.replace("[3]", "[*]")} value`,
    });
    return JSON.stringify(marshall({ ...comparisonRecord(comparison, 30), pk: PK }));
  });
}

/** Answers queries as a table would that has so many records in the hours before this one. */
function answersOf(records: number, hours: number) {
  const thisHour = Math.floor(Date.now() / HOUR_MS) * HOUR_MS;
  const times = Array.from({ length: hours }, (_, index) => thisHour - (index + 1) * HOUR_MS);
  const partitions = new Map<string, (from: number, limit: number) => ServiceResponse>();
  const count = records / (hours * SHARDS);
  for (const time of times) {
    const items = templates(time);
    for (const pk of comparisonPartitions(MIGRATION, time)) {
      const at = partitions.size;
      const size = Math.floor((at + 1) * count) - Math.floor(at * count);
      // Ids differ from partition to partition, and are sorted within each as they are counted.
      const idOf = (index: number) =>
        `${String(index).padStart(8, "0")}-0000-4000-8000-${String(at).padStart(12, "0")}`;
      partitions.set(pk, (from, limit) => {
        const page: string[] = [];
        let bytes = 0;
        let index = from;
        for (; index < size && page.length < limit && bytes < MAX_PAGE_BYTES; index++) {
          const item = items[index % items.length]!;
          page.push(item.replaceAll(ID, idOf(index)).replace(PK, pk));
          bytes += item.length;
        }
        const last = { pk: { S: pk }, sk: { S: `${idOf(index - 1)}#customerIds#0` } };
        return pageOf(page, index < size ? last : undefined);
      });
    }
  }
  return ({ body }: ServiceRequest): ServiceResponse => {
    const { ExpressionAttributeValues, ExclusiveStartKey, Limit } = JSON.parse(body.toString());
    const after: string | undefined = ExclusiveStartKey?.sk.S;
    const read = partitions.get(ExpressionAttributeValues[":pk"].S);
    return read?.(after === undefined ? 0 : Number(after.slice(0, 8)) + 1, Limit) ?? pageOf([]);
  };
}

function pageOf(items: readonly string[], last?: object): ServiceResponse {
  const next = last === undefined ? "" : `,"LastEvaluatedKey":${JSON.stringify(last)}`;
  return {
    status: 200,
    headers: { "content-type": "application/x-amz-json-1.0" },
    body: `{"Items":[${items.join()}],"Count":${items.length}${next}}`,
  };
}

const stack = await openStack("CustomerIds");
try {
  const table = stack.outputs["RecordsTable"]!;

  async function run(records: number, { hours, heapMb }: Case) {
    const undo = stack.cloud.inject({
      service: "dynamodb",
      when: ({ headers, body }) =>
        String(headers["x-amz-target"]).endsWith(".Query") && body.includes(table),
      respond: answersOf(records, hours),
    });
    try {
      const env = {
        ...stack.cloud.environment,
        NODE_OPTIONS: `${TELL_PEAK} --max-old-space-size=${heapMb}`,
      };
      const startedAt = performance.now();
      const { code, stdout, stderr } = await segue(["mismatches", "--json"], env);
      const seconds = (performance.now() - startedAt) / 1_000;
      assert.equal(code, 0, stderr);
      const told = JSON.parse(stdout);
      assert.equal(told.records, records);
      assert.equal(told.groups.length, SIGNATURES);
      const peakKb = Number(/VmHWM:\s*(\d+) kB/.exec(stderr)![1]);
      return { perSecond: records / seconds, peakMb: peakKb / 1_024 };
    } finally {
      undo();
    }
  }

  const figures: Figure[] = [];
  for (const [name, one] of Object.entries(CASES)) {
    const tenth = await run(TENTH, one);
    const all = await run(RECORDS, one);
    figures.push(
      { name: `${RECORDS} records in ${name}`, value: all.perSecond, unit: "records/s" },
      { name: `peak memory, ${TENTH} in ${name}`, value: tenth.peakMb, unit: "MB" },
      {
        name: `peak memory, ${RECORDS} in ${name}`,
        value: all.peakMb,
        unit: "MB",
        bar: MAX_PEAK_MB,
      },
      {
        name: `growth of the peak, ${name}`,
        value: all.peakMb / tenth.peakMb,
        unit: "x",
        bar: MAX_GROWTH,
        peer: `${TENTH} records`,
      },
    );
  }
  report(figures);
} finally {
  await stack.close();
}
