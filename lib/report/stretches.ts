import type { ModeDocument } from "../mode/mode-document.ts";
import { documentText, furthestMode } from "../rollout/move-kind.ts";
import type { Phase } from "./phases.ts";
import type { Span } from "./span.ts";

/** A time of which the differences are told beside those of the time before it. */
export interface Stretch extends Span {
  readonly label: string;
  /** AppConfig's version numbers of the documents that were in force. */
  readonly versions: ReadonlySet<string>;
}

/**
 * The stretches of time in which calls of both versions were compared, in order: a stretch is as long as
 * the mode, whatever its ramp, and a deployment that was undone is one of its own. Where there is one
 * alone, it is halved, so that there is a before and an after.
 */
export function stretchesOf(phases: readonly Phase[], span: Span): Stretch[] {
  const stretches: { phases: Phase[]; to: number }[] = [];
  let last: Phase | undefined;
  for (const phase of phases) {
    const to = Math.min(phase.to ?? span.to, span.to);
    if (compares(phase.document)) {
      const goesOn =
        last !== undefined &&
        compares(last.document) &&
        last.document.mode === phase.document.mode &&
        last.undone === phase.undone;
      const current = stretches.at(-1);
      if (goesOn && current !== undefined) {
        current.phases.push(phase);
        current.to = to;
      } else {
        stretches.push({ phases: [phase], to });
      }
    }
    last = phase;
  }
  const told = stretches.map((stretch) => toldOf(stretch, span));
  return told.length === 1 ? halvesOf(told[0]!) : told;
}

/** Whether some call runs both versions. */
function compares(document: ModeDocument): boolean {
  const modes = [document.mode, furthestMode(document)];
  return modes.some((mode) => mode === "shadow" || mode === "reverse-shadow");
}

function toldOf(stretch: { phases: readonly Phase[]; to: number }, span: Span): Stretch {
  const [first] = stretch.phases;
  const { document, from, undone } = first!;
  // Without its ramp, `old` compares nothing, and a try that was undone may have been for the ramp alone.
  const name = document.mode === "old" || undone ? documentText(document) : document.mode;
  return {
    label: undone ? `${name}, undone` : name,
    from: Math.max(from, span.from),
    to: stretch.to,
    versions: new Set(stretch.phases.flatMap(({ versions }) => versions)),
  };
}

function halvesOf({ label, from, to, versions }: Stretch): Stretch[] {
  const middle = (from + to) / 2;
  return [
    { label: `${label}, first half`, from, to: middle, versions },
    { label: `${label}, second half`, from: middle, to, versions },
  ];
}
