import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { compressedClock } from "../local/clock.ts";
import { openCloud } from "../local/cloud.ts";
import { Acquirer } from "./payment-services/acquirer.ts";
import { openPaymentsV1 } from "./payment-services/v1.ts";
import { openPaymentsV2 } from "./payment-services/v2.ts";
import type { DemoSummary, Reporter } from "./report.ts";
import { jsonReporter, lineReporter, liveReporter } from "./reporters.ts";
import { runScenario } from "./scenario.ts";
import { synthesize } from "./synthesize.ts";

/** One minute of the cloud is a second of the wall. */
export const DEFAULT_SPEED = 60;

// Slower, and the story's patience ends before the alarm's period does; faster, and a period has too
// few requests for the alarm to go by.
const MIN_SPEED = 30;
const MAX_SPEED = 120;

const HELP = `Runs a whole migration on the local cloud: the stacks of bin/app.ts, synthesized, stood up
behind AWS's own protocols, and one moved from old to new under steady traffic; around it, a bad day
of a migration that writes to both versions, and its repair.

Usage: npm run demo [-- options]

  --json         print the summary alone, as one JSON object (with npm's own lines off:
                 npm run -s demo -- --json)
  --plain        print lines, also on a terminal
  --speed <n>    how many times as fast as the wall clock the cloud's clock runs, from ${MIN_SPEED}
                 to ${MAX_SPEED} (${DEFAULT_SPEED})
  -h, --help     this text

Exit code: 0 if no caller failed and all happened as expected, 1 if not, 2 for a wrong option.
`;

/** The exit codes of what may end the demo early, as shells have them. */
const SIGNALS = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

/** The demo's command. Resolves to its exit code. */
export async function main(args: readonly string[]): Promise<number> {
  let options: ReturnType<typeof parse>;
  try {
    options = parse(args);
  } catch (error) {
    console.error(`demo: ${(error as Error).message} (npm run demo -- --help tells the options)`);
    return 2;
  }
  if (options.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const live = process.stdout.isTTY && !options.plain;
  const reporter = options.json ? jsonReporter() : live ? liveReporter() : lineReporter();
  const interruption = new AbortController();
  let interrupted: number | undefined;
  for (const [signal, code] of Object.entries(SIGNALS)) {
    process.once(signal, () => {
      interrupted = code;
      interruption.abort();
    });
  }
  try {
    const { ok } = await runDemo({ reporter, speed: options.speed, signal: interruption.signal });
    return ok ? 0 : 1;
  } catch (error) {
    if (interrupted === undefined) throw error;
    console.error("demo: interrupted");
    return interrupted;
  }
}

function parse(args: readonly string[]) {
  const { values } = parseArgs({
    args: [...args],
    options: {
      json: { type: "boolean" },
      plain: { type: "boolean" },
      speed: { type: "string", default: String(DEFAULT_SPEED) },
      help: { type: "boolean", short: "h" },
    },
  });
  const speed = Number(values.speed);
  if (!(speed >= MIN_SPEED && speed <= MAX_SPEED)) {
    throw new RangeError(
      `--speed: got "${values.speed}", allowed is a number from ${MIN_SPEED} to ${MAX_SPEED}`,
    );
  }
  return { ...values, speed };
}

/** Synthesizes the app, stands it up, and runs the scenario on it. Leaves nothing behind. */
export async function runDemo(options: {
  reporter: Reporter;
  /** @default 60 */
  speed?: number;
  /** Ends the demo early; it rejects then. */
  signal?: AbortSignal;
}): Promise<DemoSummary> {
  const { reporter, speed = DEFAULT_SPEED, signal = new AbortController().signal } = options;
  const clock = compressedClock(speed);
  const directory = await mkdtemp(join(tmpdir(), "segue-demo-"));
  try {
    reporter.event("customer-ids: a function's customer ids move from orders to pendingPayments");
    reporter.event("payments: a function's payments go to both versions of another team's service");
    reporter.event(`a minute of the cloud takes ${(60 / speed).toFixed(1)} s here`);
    reporter.event("cdk synth (takes some seconds)");
    await synthesize(directory, signal);
    const acquirer = new Acquirer();
    await using v1 = await openPaymentsV1(acquirer);
    await using v2 = await openPaymentsV2(acquirer);
    await using cloud = await openCloud({
      assembly: directory,
      clock,
      parameters: { Payments: { V1Url: v1.url, V2Url: v2.url } },
    });
    signal.throwIfAborted();
    reporter.event(`the stacks are up at ${cloud.endpoint}`);
    return await runScenario({ cloud, services: { v1, v2 }, reporter, signal });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
