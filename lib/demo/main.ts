import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { compressedClock } from "../local/clock.ts";
import { openCloud } from "../local/cloud.ts";
import type { DemoSummary, Reporter } from "./report.ts";
import { jsonReporter, lineReporter, liveReporter } from "./reporters.ts";
import { runScenario } from "./scenario.ts";
import { synthesize } from "./synthesize.ts";

/** One minute of the cloud is a second of the wall. */
export const DEFAULT_SPEED = 60;

const HELP = `Runs a whole migration on the local cloud: the stack of bin/app.ts, synthesized, stood up
behind AWS's own protocols, and moved from old to new under steady traffic.

Usage: npm run demo [-- options]

  --json         print the summary alone, as one JSON object
  --plain        print lines, also on a terminal
  --speed <n>    how many times as fast as the wall clock the cloud's clock runs (${DEFAULT_SPEED})
  --help         this text

Exit code: 0 if no caller failed and all happened as expected, else 1.
`;

/** The demo's command. Resolves to its exit code. */
export async function main(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      json: { type: "boolean" },
      plain: { type: "boolean" },
      speed: { type: "string" },
      help: { type: "boolean" },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const speed = values.speed === undefined ? DEFAULT_SPEED : Number(values.speed);
  const live = process.stdout.isTTY && !values.plain;
  const reporter = values.json ? jsonReporter() : live ? liveReporter() : lineReporter();
  const { ok } = await runDemo({ reporter, speed });
  return ok ? 0 : 1;
}

/** Synthesizes the app, stands it up, and runs the scenario on it. */
export async function runDemo(options: {
  reporter: Reporter;
  /** @default 60 */
  speed?: number;
}): Promise<DemoSummary> {
  const { reporter, speed = DEFAULT_SPEED } = options;
  const clock = compressedClock(speed);
  const directory = await mkdtemp(join(tmpdir(), "segue-demo-"));
  try {
    reporter.event("cdk synth");
    await synthesize(directory);
    await using cloud = await openCloud({ assembly: directory, clock });
    reporter.event(`the stack is up at ${cloud.endpoint}`);
    return await runScenario({ cloud, reporter });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
