import { execFile } from "node:child_process";
import { join } from "node:path";
import { describe, it } from "node:test";
import { promisify } from "node:util";
import type { MODELS } from "./model.ts";

const run = promisify(execFile);

/** Multiplies the runs, for a longer look. */
const times = Number(process.env["SEGUE_RUNS"] ?? 1);

describe("dual writes and the repair pass, at random", () => {
  const models: [model: keyof typeof MODELS, reconciles: boolean, runs: number][] = [
    ["all sorts of writes", true, 200],
    ["all sorts of writes", false, 200],
    ["one value", true, 2_000],
    ["one value", false, 2_000],
  ];
  for (const [model, reconciles, runs] of models) {
    const end = reconciles
      ? "both are alike, and no success is lost"
      : "alike, or left to a person";
    it(`${model}, ${reconciles ? "with" : "without"} reconcile: ${end}`, async () => {
      const script = join(import.meta.dirname, "model.ts");
      await run(process.execPath, [script, model, String(reconciles), String(runs * times)]);
    });
  }
});
