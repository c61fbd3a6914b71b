import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { Report } from "../../lib/report/report.ts";
import { documentText } from "../../lib/rollout/move-kind.ts";
import { openExample, type Example } from "../support/example-cloud.ts";
import { noTerminal, segue, startOnTerminal, type Ended } from "../support/segue-command.ts";
import { parsed } from "../report/parsed-page.ts";

describe("segue report, of a migration that went to shadow and back", () => {
  let example: Example;
  let env: NodeJS.ProcessEnv;
  let folder: string;
  // The cloud's clock runs ahead of the wall's, which the records have.
  const report = ["report", "--since", "1h"];
  const run = (...args: string[]): Promise<Ended> => segue([...report, ...args], env);

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "segue-report-"));
    example = await openExample();
    env = { ...example.cloud.environment };
    const promoted = await segue(["promote", "--yes"], env);
    assert.equal(promoted.code, 0, promoted.stdout + promoted.stderr);
    for (const merchant of ["bookshop", "garage", "bakery"]) await example.request(merchant);
    const back = await segue(["rollback", "--yes"], env);
    assert.equal(back.code, 0, back.stdout + back.stderr);
  });
  after(async () => {
    await example?.close();
    await rm(folder, { recursive: true, force: true });
  });

  it("tells phases, the rollback and its cause, agreement and what differed", async () => {
    const { code, stdout, stderr } = await run("--json");
    assert.equal(code, 0, stderr);
    const told = JSON.parse(stdout) as Report;
    assert.deepEqual(
      told.phases.map(({ document }) => documentText(document)),
      ["old", "shadow", "old"],
    );
    const [first, shadow, last] = told.phases;
    assert.equal(first!.to, shadow!.from);
    assert.equal(shadow!.to, last!.from);
    assert.equal(last!.to, undefined);
    assert.deepEqual(
      told.rollbacks.map(({ at, cause, description }) => ({ at, cause, description })),
      [{ at: last!.from, cause: "operator", description: "segue rollback: shadow to old" }],
    );
    assert.equal(told.measured.comparisons, 3);
    assert.equal(told.measured.disagreements, 2);
    assert.equal(told.records, 2);
    assert.ok(told.series.some(({ agreement, v1P99Ms }) => agreement === undefined && !v1P99Ms));
    assert.ok(told.series.some(({ v2P99Ms }) => v2P99Ms! > 0));
    const [{ before: from, after: to, rows }] = told.changes as [Report["changes"][number]];
    assert.deepEqual([from.label, to.label], ["shadow, first half", "shadow, second half"]);
    assert.equal(
      rows.reduce((sum, row) => sum + row.before.calls + row.after.calls, 0),
      2,
    );
  });

  it("is one file, or the standard output", async () => {
    const file = join(folder, "report.html");
    const [written, printed] = await Promise.all([run("--output", file), run("--output", "-")]);
    assert.equal(written.stdout, `${file} is written\n`);
    assert.deepEqual(await readdir(folder), ["report.html"]);
    for (const page of [await readFile(file, "utf8"), printed.stdout]) {
      const { texts } = parsed(page);
      assert.ok(texts.includes("segue rollback: shadow to old"));
      assert.ok(texts.includes("an operator"));
      assert.ok(texts.some((text) => /"(?:bookshop|garage)-customer-/.test(text)));
    }
  });

  it("tells on a terminal how far it is", { skip: noTerminal }, async () => {
    const file = join(folder, "on-a-terminal.html");
    const { code, stdout } = await startOnTerminal([...report, "--output", file], env).ended;
    assert.equal(code, 0, stdout);
    assert.match(stdout, /deployments: 3/);
    assert.match(stdout, /█ records/);
  });

  it("says in one line what is wrong, before it reads anything", async () => {
    const cases: [args: string[], code: number, message: RegExp][] = [
      [
        ["--output", join(folder, "no", "such.html")],
        1,
        /^segue: --output: .* is no folder to write to$/,
      ],
      [["--output", folder], 1, /^segue: --output: .* is a folder$/],
      [["--until", "2h"], 2, /^segue: --since: it is after --until$/],
    ];
    await Promise.all(
      cases.map(async ([args, expected, message]) => {
        const { code, stdout, stderr } = await run(...args);
        assert.equal(code, expected, stderr);
        assert.equal(stdout, "");
        assert.equal(stderr.trimEnd().split("\n").length, 1, stderr);
        assert.match(stderr.trimEnd(), message);
      }),
    );
  });
});
