import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { migrationCosts } from "../../lib/costs/cost-model.ts";
import type { MigrationTraffic } from "../../lib/costs/traffic.ts";
import type { ModeDocument } from "../../lib/mode/mode-document.ts";
import { openExample, type Example } from "../support/example-cloud.ts";
import { countRequests, operationOf } from "../support/request-counts.ts";
import {
  assertNear,
  BYTES_TOLERANCE,
  withoutReactions,
  metricLines,
  past,
  PATIENCE_MS,
  SIGMAS,
} from "./measuring.ts";

describe("the cost model, held to a migration of reads on the local cloud", () => {
  let example: Example;
  let toTables: ReturnType<typeof countRequests>;
  let toAppConfig: ReturnType<typeof countRequests>;
  before(async () => {
    example = await openExample({ edit: withoutReactions });
    const { OrdersTable, PendingPaymentsTable, RecordsTable } = example.outputs;
    toTables = countRequests(example.cloud, "dynamodb", (request) => {
      const operation = operationOf(request);
      if (request.body.includes(RecordsTable!)) return operation;
      if (operation !== "Query") return undefined;
      if (request.body.includes(OrdersTable!)) return "v1";
      return request.body.includes(PendingPaymentsTable!) ? "v2" : undefined;
    });
    toAppConfig = countRequests(example.cloud, "appconfig", ({ method, path }) =>
      method === "GET" && path === "/configuration" ? "polls" : undefined,
    );
  });
  after(() => example?.close());

  /** Requests that one request of a caller makes: of each version, and of the table of records. */
  type Traces = Readonly<Record<string, number>>;

  /** Deploys a document, and lets callers come until one's traces are the new document's. */
  async function move(document: ModeDocument, isNew: (traces: Traces) => boolean): Promise<void> {
    await example.deploy(past(document));
    const startedAt = Date.now();
    for (;;) {
      toTables.take();
      await example.request("bakery");
      if (isNew(toTables.take())) return;
      assert.ok(Date.now() - startedAt < PATIENCE_MS, `not in force: ${JSON.stringify(document)}`);
    }
  }

  /** Lets callers come, and compares what they lead to with what the model says. */
  async function hold(
    document: ModeDocument,
    callers: readonly string[],
    { mismatches = 0, isRandom = false }: { mismatches?: number; isRandom?: boolean } = {},
  ): Promise<void> {
    const printedBefore = example.logged.length;
    toTables.take();
    for (const merchant of callers) await example.request(merchant);
    const { v1 = 0, v2 = 0, ...requests } = toTables.take();
    const printed = example.logged.slice(printedBefore);
    const invocations = callers.length;
    const traffic: MigrationTraffic = {
      document,
      operations: [{ kind: "read", mismatches }],
      invocations,
      hours: 1,
      environments: 1,
      // Which of two tables is faster is chance, so this is taken from what happened.
      outlasted: drainedShare(printed),
    };
    const costs = migrationCosts(traffic);
    const tolerance = isRandom ? SIGMAS * Math.sqrt(invocations / 4) : 0;
    assertNear(v1, costs.calls.v1, tolerance, "calls of V1");
    assertNear(v2, costs.calls.v2, tolerance, "calls of V2");
    for (const [operation, count] of Object.entries(costs.dynamoDb.requests)) {
      assertNear(requests[operation] ?? 0, count, tolerance, operation);
    }
    const logs = metricLines(printed);
    if (!isRandom) assertNear(logs.lines, costs.logs.lines, 1e-9, "lines");
    assertNear(
      logs.bytes / logs.lines / (costs.logs.bytes / costs.logs.lines),
      1,
      BYTES_TOLERANCE,
      "bytes a line",
    );
    assert.equal(logs.metrics, costs.cloudWatch.metrics, "custom metrics");
  }

  /** Of the invocations that called a version beside the primary, those with work left after the handler. */
  function drainedShare(printed: readonly string[]): number {
    const drained = printed.filter((line) => line.includes('"DrainedInline":'));
    const doubled = printed.filter((line) => /"(?:Comparisons|Calibrations)":/.test(line));
    return drained.length / Math.max(1, doubled.length);
  }

  const times = (count: number, merchant: string) =>
    Array.from<string>({ length: count }).fill(merchant);

  it("old: V1 alone", async () => {
    await example.request();
    await hold({ mode: "old" }, times(10, "bakery"));
  });

  it("shadow: both, and a record of each mismatch", async () => {
    const document: ModeDocument = { mode: "shadow" };
    await move(document, ({ v2 }) => v2 === 1);
    await hold(document, [...times(6, "bakery"), ...times(4, "bookshop")], { mismatches: 0.4 });
  });

  it("shadow: a record of each match too", async () => {
    const document: ModeDocument = { mode: "shadow", sample: { matches: 1 } };
    await move(document, ({ BatchWriteItem }) => BatchWriteItem === 1);
    await hold(document, times(10, "bakery"));
  });

  it("shadow: V1 twice, and V2 not at all", async () => {
    const document: ModeDocument = { mode: "shadow", sample: { secondary: 0, calibrate: 1 } };
    await move(document, ({ v1 }) => v1 === 2);
    await hold(document, times(10, "bakery"));
  });

  it("reverse-shadow: both, and V2 twice", async () => {
    await example.backfill();
    const document: ModeDocument = { mode: "reverse-shadow", sample: { matches: 1, calibrate: 1 } };
    await move(document, ({ v2 }) => v2 === 2);
    await hold(document, times(10, "bookshop"));
  });

  it("new: V2 alone", async () => {
    await move({ mode: "new" }, ({ v1 = 0, v2 }) => v1 === 0 && v2 === 1);
    await hold({ mode: "new" }, times(10, "bakery"));
  });

  it("shares are what they say, give or take chance", async () => {
    const document: ModeDocument = {
      mode: "shadow",
      sample: { secondary: 0.5, matches: 0.5, calibrate: 0.5 },
    };
    await move(document, ({ v1 = 0 }) => v1 > 0);
    await hold(document, times(120, "bakery"), { isRandom: true });
  });

  it("a busy environment polls once an interval, or a little later", async () => {
    const { clock } = example.cloud;
    const invocations = 150;
    await example.request("bakery");
    toAppConfig.take();
    const startedAt = clock.now();
    let [lastAt, longestGap] = [startedAt, 0];
    for (const merchant of times(invocations, "bakery")) {
      const beganAt = clock.now();
      await example.request(merchant);
      longestGap = Math.max(longestGap, clock.now() - lastAt);
      lastAt = beganAt;
    }
    const { polls = 0 } = toAppConfig.take();
    const seconds = (clock.now() - startedAt) / 1_000;
    const worked = (pollSeconds: number) =>
      migrationCosts({
        document: { mode: "shadow" },
        operations: [{ kind: "read" }],
        invocations,
        hours: seconds / 3_600,
        environments: 1,
        coldStarts: 0,
        pollSeconds,
      }).appConfig.requests;
    // It polls at the first invocation after the interval, which is up to a gap between two later. One
    // poll may have been due at the start, and another one under way.
    const [most, least] = [worked(15) + 2, worked(15 + longestGap / 1_000) - 1];
    assert.ok(polls <= most && polls >= least, `${polls} polls, worked out ${least} to ${most}`);
  });
});
