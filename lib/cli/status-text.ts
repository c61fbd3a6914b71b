import { documentText } from "../rollout/move-kind.ts";
import type { Verdict } from "../rollout/gate.ts";
import type { VersionMeasures } from "../rollout/measures.ts";
import type { AlarmStatus, MigrationStatus, UnderWay } from "../rollout/status.ts";
import { bar, count, duration, milliseconds, share } from "../text/figures.ts";
import { printable } from "../text/printable.ts";
import { tableText } from "./table.ts";
import type { Colors } from "./terminal.ts";

/** Where a migration stands, for a person. */
export function statusText(status: MigrationStatus, now: number, colors: Colors): string {
  const { migration, stage, measures, gate } = status;
  const { mismatchRate } = measures;
  const facts = [
    ["mode", modeText(status, now, colors)],
    ["deployment", deploymentText(status.underWay, colors)],
    ["alarms", alarmsText(status.alarms, now, colors)],
    [
      "comparisons",
      `${count(measures.comparisons)}, ${count(measures.disagreements)} in disagreement, in the last ${duration(now - measures.since)}`,
    ],
    [
      "mismatch rate",
      mismatchRate === undefined
        ? "nothing was compared"
        : `${share(mismatchRate.value)} (${share(mismatchRate.low)} to ${share(mismatchRate.high)} at 90 % confidence)`,
    ],
  ];
  return [
    colors.bold(`${migration} (${stage})`),
    "",
    tableText(facts.map(([name = "", fact = ""]) => [colors.dim(name), fact])),
    "",
    versionsText(measures.v1, measures.v2),
    ...(gate === undefined ? [] : ["", gateText(gate, colors)]),
  ].join("\n");
}

function modeText({ inForce, since }: MigrationStatus, now: number, colors: Colors): string {
  if (inForce === undefined) return "none yet: nothing was deployed";
  const sinceText = since === undefined ? "" : `, since ${duration(now - since)}`;
  return `${colors.bold(documentText(inForce.document))}, document version ${inForce.version}${sinceText}`;
}

/** A deployment under way on one line. */
export function deploymentText(underWay: UnderWay | undefined, colors: Colors): string {
  if (underWay === undefined) return colors.dim("none under way");
  const { number, state, percent, to } = underWay;
  const where = to === undefined ? "" : ` to ${documentText(to)}`;
  return `${number}${where}: ${bar(percent)} ${Math.round(percent)} % ${state}`;
}

/** The alarms that are not OK, each with since when. */
export function alarmsText(alarms: readonly AlarmStatus[], now: number, colors: Colors): string {
  const odd = alarms.filter(({ state }) => state !== "OK");
  if (odd.length === 0) return colors.green(`all ${alarms.length} OK`);
  return odd
    .map(({ alarm, state, since }) => {
      const colour = state === "ALARM" ? colors.red : colors.yellow;
      const sinceText = since === undefined ? "" : ` for ${duration(now - since)}`;
      return colour(`${alarm} ${state}${sinceText}`);
    })
    .join("\n");
}

function versionsText(v1: VersionMeasures, v2: VersionMeasures): string {
  const row = (name: string, { calls, errors, p50Ms, p99Ms }: VersionMeasures) => [
    name,
    count(calls),
    count(errors),
    calls > 0 ? share(errors / calls) : "–",
    milliseconds(p50Ms),
    milliseconds(p99Ms),
  ];
  return tableText([["", "calls", "errors", "", "p50", "p99"], row("V1", v1), row("V2", v2)], {
    alignRight: [1, 2, 3, 4, 5],
  });
}

/** Of what is wanted and what was measured, so that a terminal of 80 columns has room for both. */
const GATE_WIDTHS = { 2: 24, 3: 25 };

/** What the gate says to a document, condition by condition. */
export function gateText(gate: Verdict | { readonly unreadable: string }, colors: Colors): string {
  if ("unreadable" in gate) return `gate: it can't be asked: ${printable(gate.unreadable)}`;
  const { to, allowed, conditions, reason, overridden } = gate;
  const verdict = allowed ? colors.green("open") : colors.red("shut");
  return [
    `gate to ${documentText(to)}: ${verdict}${overridden === undefined ? "" : `, by override: ${printable(overridden)}`}`,
    ...(reason === undefined ? [] : [`  ${printable(reason)}`]),
    ...(conditions.length === 0
      ? []
      : [
          tableText(
            [
              ["", "", "wanted", "measured"].map((text) => colors.dim(text)),
              ...conditions.map(({ name, wanted, measured, met }) => [
                met ? colors.green("✔") : colors.red("✖"),
                name,
                wanted,
                measured,
              ]),
            ],
            { maxWidths: GATE_WIDTHS },
          ),
        ]),
    ...conditions
      .filter(({ met }) => !met)
      .map(({ name, advice }) => `  ${colors.yellow(name)}: ${advice}`),
  ].join("\n");
}
