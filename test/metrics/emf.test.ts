import assert from "node:assert/strict";
import { afterEach, describe, it, mock } from "node:test";
import { emfMetrics } from "../../lib/metrics/emf.ts";
import { Tally } from "../../lib/metrics/tally.ts";

/** What publishing prints, a line each. */
function published(...tallies: Tally[]): any[] {
  const lines: string[] = [];
  mock.method(console.Console.prototype, "log", (line: string) => void lines.push(line));
  const write = mock.method(process.stdout, "write", (text: string) => (lines.push(text), true));
  emfMetrics().publish(tallies);
  write.mock.restore();
  return lines
    .join("\n")
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line));
}

describe("emfMetrics", () => {
  afterEach(() => mock.restoreAll());

  it("prints an operation's metrics by migration, and by migration and operation", () => {
    const tally = new Tally("things", "get");
    tally.count("Comparisons", 3);
    tally.count("Disagreements");
    tally.took("V1Latency", 1.5);
    tally.took("V1Latency", 2.5);
    const [line, ...others] = published(tally);
    assert.deepEqual(others, []);
    const [directive] = line._aws.CloudWatchMetrics;
    assert.equal(directive.Namespace, "Segue");
    assert.deepEqual(directive.Dimensions, [["Migration"], ["Migration", "Operation"]]);
    assert.deepEqual(directive.Metrics, [
      { Name: "Comparisons", Unit: "Count" },
      { Name: "Disagreements", Unit: "Count" },
      { Name: "V1Latency", Unit: "Milliseconds" },
    ]);
    const { _aws, ...values } = line;
    assert.deepEqual(values, {
      Migration: "things",
      Operation: "get",
      Comparisons: 3,
      Disagreements: 1,
      V1Latency: [1.5, 2.5],
    });
  });

  it("prints a migration's own metrics by migration alone, and nothing for nothing", () => {
    const tally = new Tally("things");
    tally.count("ModeReadFailures");
    tally.count("ModeDefaulted", 0);
    const lines = published(new Tally("others"), tally);
    assert.equal(lines.length, 1);
    assert.deepEqual(lines[0]._aws.CloudWatchMetrics[0].Dimensions, [["Migration"]]);
    assert.equal(lines[0].ModeDefaulted, undefined);
  });

  it("loses no value where an invocation has more than a blob of them", () => {
    const tally = new Tally("things", "get");
    for (let call = 0; call < 250; call++) tally.took("V2Latency", call);
    tally.count("V2Calls", 250);
    const lines = published(tally);
    assert.deepEqual(
      lines.flatMap(({ V2Latency }) => V2Latency),
      Array.from({ length: 250 }, (_, call) => call),
    );
    for (const { V2Latency } of lines) assert.ok(V2Latency.length <= 100, "EMF's limit");
    for (const { _aws } of lines) {
      assert.deepEqual(_aws.CloudWatchMetrics[0].Dimensions, [
        ["Migration"],
        ["Migration", "Operation"],
      ]);
    }
    assert.equal(
      lines.reduce((sum, { V2Calls = 0 }) => sum + V2Calls, 0),
      250,
    );
  });
});
