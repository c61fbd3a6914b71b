import CliTable from "cli-table3";
import pc from "picocolors";
import type { SignatureGroup } from "../records/groups.ts";
import type { DemoSummary, Expectation, Snapshot } from "./report.ts";

const BAR_WIDTH = 30;
const MAX_VALUE_CHARACTERS = 60;

function colouredAlarm(alarm: string): string {
  if (alarm === "OK") return pc.green(alarm);
  return alarm === "ALARM" ? pc.red(alarm) : pc.yellow(alarm);
}

/** A rate in words. */
export function percent(value: number | undefined): string {
  return value === undefined ? "–" : `${value.toFixed(1)} %`;
}

function failedText(failed: number): string {
  return failed === 0 ? pc.green("0") : pc.red(String(failed));
}

/** A snapshot as one line, for where there is no terminal. */
export function statusLine(snapshot: Snapshot): string {
  const { mode, requests, failed, mismatchRate, alarm, deployment, deploymentPercent } = snapshot;
  return [
    `mode ${mode}`,
    `${requests} requests`,
    `${failed} failed`,
    `mismatch rate ${percent(mismatchRate)}`,
    `alarm ${alarm}`,
    ...(deployment === undefined ? [] : [`deployment ${deployment} ${deploymentPercent} %`]),
  ].join(" · ");
}

/** A snapshot as a block of lines, for a terminal. */
export function statusBlock(snapshot: Snapshot, rates: readonly number[]): string {
  const { mode, requests, failed, mismatchRate, alarm, deployment, deploymentPercent } = snapshot;
  const label = (text: string) => pc.dim(text.padEnd(15));
  const filled = Math.round((deploymentPercent / 100) * BAR_WIDTH);
  const bar = `${"█".repeat(filled)}${"░".repeat(BAR_WIDTH - filled)}`;
  return [
    "",
    `  ${label("mode")}${pc.bold(mode)}`,
    `  ${label("requests")}${requests}, failed ${failedText(failed)}`,
    `  ${label("mismatch rate")}${percent(mismatchRate).padEnd(9)}${pc.yellow(sparkline(rates))}`,
    `  ${label("alarm")}${colouredAlarm(alarm)}`,
    `  ${label("deployment")}${deployment === undefined ? pc.dim("none") : `${bar} ${deploymentPercent} % ${deployment}`}`,
  ].join("\n");
}

const SPARKS = "▁▂▃▄▅▆▇█";

/** Percentages as a line of bars, each from 0 to 100. */
function sparkline(rates: readonly number[]): string {
  return rates
    .map((rate) => SPARKS[Math.min(SPARKS.length - 1, Math.floor((rate / 100) * SPARKS.length))])
    .join("");
}

/** What was expected, and whether it came. */
export function expectationText({ what, met, seen }: Expectation): string {
  return `${met ? pc.green("✔") : pc.red("✘ not as expected:")} ${what} ${pc.dim(`(${seen})`)}`;
}

/** Groups of differences, the heaviest first, each with its newest example. */
export function differencesText(groups: readonly SignatureGroup[]): string {
  const cut = (text: string | undefined) =>
    text !== undefined && text.length > MAX_VALUE_CHARACTERS
      ? `${text.slice(0, MAX_VALUE_CHARACTERS)}…`
      : (text ?? "nothing");
  return groups
    .flatMap(({ operation, outcome, signature, records, example }) => [
      `  ${pc.bold(signature)}: ${outcome} of ${operation}, ${records} records kept, such as`,
      ...example.differences
        .slice(0, 2)
        .map(({ path, v1, v2 }) => `    ${path}: V1 has ${cut(v1)}, V2 has ${cut(v2)}`),
      `    called with ${cut(example.arguments)}, in ${example.mode}, document ${example.documentVersion}`,
    ])
    .join("\n");
}

export function summaryText(summary: DemoSummary): string {
  const table = new CliTable({
    head: ["phase", "requests", "failed", "p50 ms", "p99 ms", "compared", "differ", "fallbacks"],
    colAligns: ["left", ...Array<"right">(7).fill("right")],
    // No borders: the table fits into 80 columns without.
    chars: NO_BORDERS,
    style: { head: [], border: [], "padding-left": 0, "padding-right": 1 },
  });
  for (const phase of summary.phases) {
    table.push([
      phase.phase,
      phase.requests,
      phase.failed,
      phase.p50Ms.toFixed(1),
      phase.p99Ms.toFixed(1),
      phase.comparisons,
      phase.disagreements,
      phase.fallbacks,
    ]);
  }
  const unmet = summary.expectations.filter(({ met }) => !met);
  return [
    table.toString(),
    pc.dim("p99 of the first phase is cold starts; callers in flight count where they end"),
    "",
    ...summary.failures.map((failure) => pc.red(`failed: ${failure}`)),
    ...unmet.map(expectationText),
    `${summary.expectations.length - unmet.length} of ${summary.expectations.length} expectations met`,
    `callers failed: ${summary.callersFailed}`,
  ].join("\n");
}

const NO_BORDERS = Object.fromEntries(
  ["top", "bottom", "left", "right", "mid", "middle"]
    .flatMap((side) => [side, `${side}-mid`, `${side}-left`, `${side}-right`])
    .concat("mid-mid")
    .map((side) => [side, ""]),
);
