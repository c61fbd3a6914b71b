import { MODES, nextMode, type Mode } from "../mode/mode.ts";
import type { ModeDocument } from "../mode/mode-document.ts";

/**
 * What a change of the mode document is:
 * - `promotion`: some keys, or all, go on to the next mode;
 * - `rollback`: some keys, or all, go back;
 * - `skip`: some keys would go past a mode, or on to one whose forerunner isn't in force yet;
 * - `same-mode`: every key stays in its mode, whatever else changes.
 */
export type MoveKind = "promotion" | "rollback" | "skip" | "same-mode";

const positionOf = (mode: Mode): number => MODES.indexOf(mode);

/** Percent of the keys that are in the mode after the document's own. */
export function rampPercent({ ramp }: ModeDocument): number {
  return ramp?.percent ?? 0;
}

/** The furthest mode that some key is in. */
export function furthestMode(document: ModeDocument): Mode {
  return rampPercent(document) > 0 ? (nextMode(document.mode) ?? document.mode) : document.mode;
}

/** Whether some callers get V2's answers. Where none does, as in `shadow`, a mismatch is a finding. */
export function answersWithV2(document: ModeDocument): boolean {
  const furthest = furthestMode(document);
  return furthest === "reverse-shadow" || furthest === "new";
}

/** Says what a move from one document to another is. */
export function moveKind(from: ModeDocument, to: ModeDocument): MoveKind {
  // A promotion that brings a ramp into the mode after next would take those keys there on evidence
  // that was never gathered.
  if (positionOf(furthestMode(to)) > positionOf(from.mode) + 1) return "skip";
  const steps = positionOf(to.mode) - positionOf(from.mode) || rampPercent(to) - rampPercent(from);
  if (steps === 0) return "same-mode";
  return steps > 0 ? "promotion" : "rollback";
}

/** The document one step back: a ramp ends first, then the mode goes back. `undefined` in `old`. */
export function stepBack({ mode, ramp, sample }: ModeDocument): ModeDocument | undefined {
  const target = ramp !== undefined && ramp.percent > 0 ? mode : MODES[positionOf(mode) - 1];
  if (target === undefined) return undefined;
  return { mode: target, ...(sample !== undefined && { sample }) };
}

/** The document's modes, as a person reads them: `shadow (10 % reverse-shadow)`. */
export function documentText(document: ModeDocument): string {
  const percent = rampPercent(document);
  return percent > 0 ? `${document.mode} (${percent} % ${furthestMode(document)})` : document.mode;
}
