import { hash } from "node:crypto";
import { agreement as agreementText, count, duration } from "../text/figures.ts";
import { shortened } from "../text/printable.ts";
import { documentText } from "../rollout/move-kind.ts";
import { html, verbatim, type Markup } from "./html.ts";
import { agreementSection, latencySection } from "./page-charts.ts";
import { changesSection } from "./page-changes.ts";
import { moment } from "./page-moment.ts";
import { phasesSection } from "./page-phases.ts";
import { rollbacksSection } from "./page-rollbacks.ts";
import type { Report } from "./report.ts";
import { STYLE } from "./style.ts";

const MAX_TITLE_CHARACTERS = 200;

/** What the page may do: show its own style, and nothing else. */
const POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${hash("sha256", STYLE, "base64")}'`,
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");

/** A report as one HTML file, which needs nothing else and runs no script. */
export function reportPage(report: Report): string {
  const { migration, stage, from, to } = report;
  const title = shortened(
    `${migration} (${stage}): the migration from V1 to V2`,
    MAX_TITLE_CHARACTERS,
  );
  const { text } = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${POLICY}" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="referrer" content="no-referrer" />
        <title>${title}</title>
        ${verbatim(`<style>${STYLE}</style>`)}
      </head>
      <body>
        <header>
          <h1>${title}</h1>
          <p class="dim">${moment(from)} to ${moment(to)}. All times are UTC.</p>
        </header>
        <main>
          ${facts(report)} ${phasesSection(report)} ${agreementSection(report)}
          ${latencySection(report)} ${rollbacksSection(report)} ${changesSection(report)}
        </main>
        <footer>
          <p>
            Comparisons are weighted: one that stands for ten calls counts ten. A point stands for
            ${duration(report.periodMs)}; where nothing was measured, a line has a gap. A phase's
            figures are of the whole periods in it, its latencies their means. What the migration
            redacts is in no record, and so not here.
          </p>
        </footer>
      </body>
    </html> `;
  return text;
}

function facts({ phases, to, measured, rollbacks }: Report): Markup {
  const last = phases.at(-1);
  const { comparisons, agreement, v1, v2 } = measured;
  const figures: [name: string, figure: string, more: string][] = [
    [
      "Mode",
      last === undefined ? "–" : documentText(last.document),
      last === undefined ? "" : `for ${duration(to - last.from)}`,
    ],
    ["Agreement", agreementText(agreement), `of ${count(comparisons)} comparisons`],
    ["Calls of V1", count(v1.calls), `${count(v1.errors)} failed`],
    ["Calls of V2", count(v2.calls), `${count(v2.errors)} failed`],
    ["Rollbacks", count(rollbacks.length), `in ${count(phases.length)} phases`],
  ];
  return html`<dl class="facts">
    ${figures.map(
      ([name, figure, more]) =>
        html`<div>
          <dt>${name}</dt>
          <dd>${figure}<small>${more}</small></dd>
        </div>`,
    )}
  </dl>`;
}
