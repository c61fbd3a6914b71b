import { execFile } from "node:child_process";
import { join } from "node:path";
import { describe, it } from "node:test";
import { promisify } from "node:util";
import type { MODELS, RECONCILES } from "./model.ts";

const run = promisify(execFile);

/** Multiplies the runs, for a longer look. */
const times = Number(process.env["SEGUE_RUNS"] ?? 1);

describe("dual writes and the repair pass, at random", () => {
  const models: [model: keyof typeof MODELS, reconcile: keyof typeof RECONCILES, runs: number][] = [
    ["all sorts of writes", "all", 200],
    ["all sorts of writes", "some", 200],
    ["all sorts of writes", "none", 200],
    ["one value", "all", 2_000],
    ["one value", "none", 2_000],
    ["one after the other", "all", 1_000],
    ["one after the other", "none", 1_000],
  ];
  for (const [model, reconcile, runs] of models) {
    const end =
      reconcile === "all" ? "both are alike, and no success is lost" : "alike, or left to a person";
    it(`${model}, reconcile for ${reconcile}: ${end}`, async () => {
      const script = join(import.meta.dirname, "model.ts");
      await run(process.execPath, [script, model, reconcile, String(runs * times)]);
    });
  }
});
