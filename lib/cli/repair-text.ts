import type { StoredRepair } from "../call/repair.ts";
import type { LeftRepair, RepairReport } from "../repair/pass.ts";
import { printable } from "../text/printable.ts";
import { tableText } from "./table.ts";
import type { Colors } from "./terminal.ts";

/** A repair as it is told: without its arguments as bytes. */
export type ListedRepair = Omit<StoredRepair, "replay" | "time" | "dueAt"> & {
  /** ISO 8601; `unknown` where the record doesn't say. */
  readonly time: string;
  readonly isDue: boolean;
};

/** What a pass came to. */
export function passText(
  { done, failed, pending, left, complete }: RepairReport,
  colors: Colors,
): string {
  return [
    `${done} done, ${failed} failed, ${pending} pending`,
    ...(complete ? [] : ["there was no time to look at all: run it again"]),
    ...(left.length === 0 ? [] : ["", leftText(left, colors)]),
  ].join("\n");
}

function leftText(left: readonly LeftRepair[], colors: Colors): string {
  return left.map((repair) => shortText(repair, repair.why, colors)).join("\n");
}

/** Repairs in short. */
export function repairsText(
  repairs: readonly ListedRepair[],
  total: number,
  colors: Colors,
): string {
  if (total === 0) return "nothing is left to repair";
  return [
    ...repairs.map((repair) => {
      const why = repair.why === undefined ? "" : `: ${repair.why}`;
      return shortText(repair, `${stateText(repair)}${why}`, colors);
    }),
    ...(total > repairs.length ? [`and ${total - repairs.length} more`] : []),
  ].join("\n");
}

/** A repair in a few lines, since an id fills one. */
function shortText(
  { time, operation, idempotencyKey = "no key", id }: LeftRepair | ListedRepair,
  state: string,
  colors: Colors,
): string {
  return [
    `${colors.bold(printable(operation))}  ${printable(idempotencyKey)}  ${printable(time)}`,
    `  ${printable(state)}`,
    colors.dim(`  --id '${printable(id)}'`),
  ].join("\n");
}

function stateText({ state, isDue, attempts }: ListedRepair): string {
  const tries = attempts > 0 ? `, tried ${attempts === 1 ? "once" : `${attempts} times`}` : "";
  return `${state}${tries}${isDue ? "" : ", under way"}`;
}

/** One repair in full, but for what would be run again. */
export function repairText(repair: ListedRepair, colors: Colors): string {
  const { primary, idempotencyKey, why, overlapped } = repair;
  const facts: [string, string][] = [
    ["operation", repair.operation],
    ["key", idempotencyKey ?? "none that could be kept"],
    ["state", stateText(repair)],
    ...(why === undefined ? [] : [["why", why] as [string, string]]),
    ["time", repair.time],
    ["mode", `${repair.mode}, document version ${repair.documentVersion}`],
    ["primary", primary],
    ...(overlapped
      ? [["order", "another write of the same key was under way"] as [string, string]]
      : []),
    ["arguments", JSON.stringify(repair.arguments)],
    ["request", repair.requestId],
  ];
  return [
    colors.bold(printable(repair.id)),
    tableText(facts.map(([name, fact]) => [colors.dim(name), printable(fact)])),
  ].join("\n");
}
