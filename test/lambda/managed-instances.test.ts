// A process of its own, as each test file is one: what the environment holds is found out once in each.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import middy from "@middy/core";
import segue, { defineMigration, type Comparison, type ModeSource } from "../../lib/index.ts";
import type { Tally } from "../../lib/metrics/tally.ts";
import { lambdaContext } from "../support/invoke.ts";

const CONCURRENT = 64;

describe("on Managed Instances, where many invocations run at once and nothing freezes", () => {
  before(() => {
    process.env["AWS_LAMBDA_MAX_CONCURRENCY"] = String(CONCURRENT);
    // An extension would be asked for here, and nobody answers.
    process.env["AWS_LAMBDA_RUNTIME_API"] = "127.0.0.1:1";
  });

  test(`${CONCURRENT} at once: each has its own pinned document, its own records and counts`, async () => {
    const waiting: (() => void)[] = [];
    const allAsked = Promise.withResolvers<void>();
    const v2 = {
      async get(id: string) {
        await new Promise<void>((resolve) => {
          waiting.push(resolve);
          if (waiting.length === CONCURRENT / 2) allAsked.resolve();
        });
        return id;
      },
    };
    const migration = defineMigration<{ get(id: string): Promise<string> }>({
      name: "things",
      v1: { get: async (id) => id },
      v2,
      operations: { get: { kind: "read" } },
    });
    // Every second one is in `shadow`, and each reads a document of its own, later than those after it.
    let reads = 0;
    const modeSource: ModeSource = {
      async read() {
        const at = reads++;
        for (let turn = at; turn < CONCURRENT; turn++) await Promise.resolve();
        const document = { mode: at % 2 === 0 ? ("shadow" as const) : ("old" as const) };
        return { document, version: String(at), counts: [] };
      },
    };
    const written: (readonly Comparison[])[] = [];
    const published: (readonly Tally[])[] = [];
    const logged: unknown[] = [];
    const allPublished = Promise.withResolvers<void>();
    const handler = middy()
      .use(
        segue(migration, {
          response: "early",
          modeSource,
          records: {
            retentionDays: 1,
            keepsAll: true,
            write: async (comparisons) => (written.push(comparisons), []),
          },
          metrics: {
            publish(tallies) {
              published.push(tallies);
              if (published.length === CONCURRENT) allPublished.resolve();
            },
          },
          logger: { warn: (line) => logged.push(line), error: (line) => logged.push(line) },
        }),
      )
      .handler(async (id: string, context) => migration.client(context).get(id));

    const ids = Array.from({ length: CONCURRENT }, (_, at) => `r${at}`);
    const answers = await Promise.all(
      ids.map((id) => handler(id as any, lambdaContext({ requestId: id }) as any, {} as any)),
    );
    // No V2 has answered yet, and no caller waits for one.
    assert.deepEqual(answers, ids);
    assert.equal(written.length, 0);
    await allAsked.promise;

    for (const resolve of waiting.toReversed()) resolve();
    await allPublished.promise;
    assert.equal(written.length, CONCURRENT / 2);
    for (const comparisons of written) {
      const [comparison] = comparisons;
      assert.equal(comparisons.length, 1);
      assert.equal(comparison!.outcome, "match");
      assert.deepEqual(comparison!.arguments, [comparison!.requestId]);
      assert.equal(`r${comparison!.documentVersion}`, comparison!.requestId);
    }
    const requests = written.map(([comparison]) => comparison!.requestId);
    assert.deepEqual(new Set(requests), new Set(ids.filter((_, at) => at % 2 === 0)));
    for (const tallies of published) {
      const counts = new Map(tallies.flatMap((tally) => [...tally.counts]));
      assert.equal(counts.get("V1Calls"), 1);
      assert.equal(counts.get("DrainedEarly"), counts.get("V2Calls"));
    }
    assert.deepEqual(logged, []);
  });
});
