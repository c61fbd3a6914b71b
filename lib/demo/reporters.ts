import logUpdate from "log-update";
import pc from "picocolors";
import type { Reporter, Snapshot } from "./report.ts";
import { differencesText, expectationText, statusBlock, statusLine, summaryText } from "./text.ts";

/** Status lines are this many wall milliseconds apart where they can't overwrite each other. */
const LINE_EVERY_MS = 3_000;

/** How many mismatch rates the live view remembers. */
const SPARKS = 40;

/** Plain lines, for pipes and logs. */
export function lineReporter(write: (line: string) => void = console.log): Reporter {
  let lastLineAt = 0;
  return {
    phase: (title) => write(`\n== ${title}`),
    event: (text) => write(`  ${text}`),
    expectation: (expectation) => write(`  ${expectationText(expectation)}`),
    differences: (groups) => write(differencesText(groups)),
    status(snapshot) {
      if (Date.now() - lastLineAt < LINE_EVERY_MS) return;
      lastLineAt = Date.now();
      write(`  ${statusLine(snapshot)}`);
    },
    summary: (summary) => write(`\n${summaryText(summary)}`),
  };
}

/** A live view at the bottom of a terminal, with what happened scrolling by above it. */
export function liveReporter(): Reporter {
  const rates: number[] = [];
  let last: Snapshot | undefined;
  const draw = () => {
    if (last !== undefined) logUpdate(statusBlock(last, rates));
  };
  const print = (text: string) => {
    logUpdate.persist(text);
    draw();
  };
  return {
    phase: (title) => print(`\n${pc.bold(pc.cyan(title))}`),
    event: (text) => print(`  ${text}`),
    expectation: (expectation) => print(`  ${expectationText(expectation)}`),
    differences: (groups) => print(differencesText(groups)),
    status(snapshot) {
      last = snapshot;
      rates.push(snapshot.mismatchRate ?? 0);
      if (rates.length > SPARKS) rates.shift();
      draw();
    },
    summary(summary) {
      logUpdate.clear();
      logUpdate.done();
      console.log(`\n${summaryText(summary)}`);
    },
  };
}

/** Nothing but the summary, as one JSON object. */
export function jsonReporter(): Reporter {
  const silent = () => {};
  return {
    phase: silent,
    event: silent,
    expectation: silent,
    differences: silent,
    status: silent,
    summary: (summary) => console.log(JSON.stringify(summary)),
  };
}
