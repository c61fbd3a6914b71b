import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { comparisonRecord } from "../../lib/records/record.ts";
import { makeReport, type ReportSources } from "../../lib/report/report.ts";
import type { Span } from "../../lib/report/span.ts";
import type { Points } from "../../lib/rollout/points.ts";
import { comparisonOf } from "../support/comparison.ts";
import { deploymentOf, NO_POINTS } from "./fixture.ts";

const MINUTE_MS = 60_000;
const SPAN = { from: 0, to: 100 * MINUTE_MS };

/** Ten comparisons a minute from 30 to 50, by ten minutes where more than half of an hour is asked for. */
function comparisonsOver({ from, to }: Span): { points: Points; periodMs: number } {
  const periodMs = to - from > 30 * MINUTE_MS ? 10 * MINUTE_MS : MINUTE_MS;
  const points: [number, number][] = [];
  for (let time = Math.floor(from / periodMs) * periodMs; time < to; time += periodMs) {
    const minutes = [Math.max(time, 30 * MINUTE_MS), Math.min(time + periodMs, 50 * MINUTE_MS)];
    const overlap = (minutes[1]! - minutes[0]!) / MINUTE_MS;
    if (overlap > 0) points.push([time, 10 * overlap]);
  }
  return { points, periodMs };
}

function sources(given: Partial<ReportSources> = {}): ReportSources {
  return {
    migration: "things",
    stage: "prod",
    ...SPAN,
    deployments: [
      deploymentOf(1, 0, { mode: "old" }),
      deploymentOf(2, 30 * MINUTE_MS, { mode: "shadow" }),
      deploymentOf(3, 50 * MINUTE_MS, { mode: "old" }),
    ],
    unreadableDeployments: 0,
    metricsOver(span) {
      const { points, periodMs } = comparisonsOver(span);
      return Promise.resolve({ points: { ...NO_POINTS, comparisons: points }, periodMs });
    },
    records: [],
    ...given,
  };
}

describe("the report", () => {
  it("a phase has its own figures, however long the span's periods are", async () => {
    const asked: Span[] = [];
    const given = sources();
    const { phases, measured, changes, periodMs } = await makeReport({
      ...given,
      metricsOver(span) {
        asked.push(span);
        return given.metricsOver(span);
      },
    });
    assert.equal(periodMs, 10 * MINUTE_MS);
    assert.equal(measured.comparisons, 200);
    assert.deepEqual(
      phases.map(({ measured: { comparisons } }) => comparisons),
      [0, 200, 0],
    );
    assert.deepEqual(
      asked.map(({ from, to }) => [from / MINUTE_MS, to / MINUTE_MS]),
      [
        [0, 100],
        [0, 30],
        [30, 50],
        [50, 100],
        // The halves of the one mode that compares.
        [30, 40],
        [40, 50],
      ],
    );
    assert.equal(changes.length, 1);
  });

  it("counts disagreements alone, and their share is of their stretch's comparisons", async () => {
    const record = (outcome: "match" | "mismatch", minute: number, weight: number) =>
      comparisonRecord(
        comparisonOf({ outcome, documentVersion: "2", time: minute * MINUTE_MS, weight }),
        1,
      );
    const records = [record("mismatch", 35, 5), record("match", 36, 1), record("mismatch", 45, 1)];
    const report = await makeReport(sources({ records }));
    assert.equal(report.records, 2);
    const [row] = report.changes[0]!.rows;
    assert.deepEqual(row?.before, { calls: 5, share: 0.05 });
    assert.deepEqual(row.after, { calls: 1, share: 0.01 });
  });

  it("of a span that begins within a phase tells when that began", async () => {
    const from = 40 * MINUTE_MS;
    const { phases, rollbacks } = await makeReport(sources({ from }));
    assert.equal(phases[0]?.from, 30 * MINUTE_MS);
    assert.equal(phases[0].measured.comparisons, 100);
    assert.deepEqual(
      rollbacks.map(({ cause }) => cause),
      ["operator"],
    );
  });

  it("a source that fails fails the report", async () => {
    const down = () => Promise.reject(new Error("down"));
    await assert.rejects(makeReport(sources({ metricsOver: down })), /down/);
    async function* records() {
      yield* [] as ReturnType<typeof comparisonRecord>[];
      await down();
    }
    await assert.rejects(makeReport(sources({ records: records() })), /down/);
  });
});
