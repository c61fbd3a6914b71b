import { agreement, count, milliseconds } from "../text/figures.ts";
import { shortened } from "../text/printable.ts";
import { MODES } from "../mode/mode.ts";
import { documentText, furthestMode, rampPercent } from "../rollout/move-kind.ts";
import { chartMarkup, type Band } from "./chart.ts";
import { html, type Content, type Markup } from "./html.ts";
import type { VersionMeasured } from "./measured.ts";
import { moment } from "./page-moment.ts";
import { table } from "./page-table.ts";
import type { MeasuredPhase, Report } from "./report.ts";

/** In the drawing's units, of which a wide page has 960 across. */
const HEIGHT = 90;

const MAX_REASON_CHARACTERS = 300;

/** Which modes the keys were in, and what was measured meanwhile. */
export function phasesSection(report: Report): Markup {
  const { phases, unreadableDeployments: unreadable } = report;
  if (phases.length === 0) {
    return html`<section>
      <h2>Phases</h2>
      <p>Nothing was deployed.</p>
    </section>`;
  }
  const { from, to, rollbacks } = report;
  return html`<section>
    <h2>Phases</h2>
    <p>
      ${MODES.map((mode) => html`<span class="key ${mode}">${mode}</span>`)}${rollbacks.length === 0 ? undefined : html`<span class="key mark">rollback</span>`}
    </p>
    ${chartMarkup(
      {
        label: "The share of keys in each mode over time",
        span: { from, to },
        lines: [],
        bands: phases.flatMap((phase) => bandsOf(phase, report)),
        marks: rollbacks.map(({ at }) => at),
      },
      HEIGHT,
    )}
    ${table(
      [
        { name: "Mode", content: modeContent },
        { name: "From", content: (phase) => moment(phase.from) },
        { name: "To", content: (phase) => (phase.to === undefined ? "now" : moment(phase.to)) },
        {
          name: "Agreement",
          isNumber: true,
          content: ({ measured }) =>
            measured.comparisons === 0
              ? "–"
              : html`${agreement(measured.agreement)}<small
                    >of ${count(measured.comparisons)}</small
                  >`,
        },
        {
          name: "V1: p50, p99",
          isNumber: true,
          content: ({ measured }) => versionContent(measured.v1),
        },
        {
          name: "V2: p50, p99",
          isNumber: true,
          content: ({ measured }) => versionContent(measured.v2),
        },
      ],
      phases,
    )}
    ${unreadable === 0 ? undefined : html`<p class="dim">Deployments that are left out, since their document can't be read any more: ${unreadable}.</p>`}
  </section>`;
}

function modeContent({ document, undone }: MeasuredPhase): Markup {
  const { override } = document;
  return html`${documentText(document)}${undone ? html` <span class="undone">undone</span>` : undefined}${
    override === undefined
      ? undefined
      : html`<small>past the gate: ${shortened(override, MAX_REASON_CHARACTERS)}</small>`
  }`;
}

function versionContent({ calls, errors, p50Ms, p99Ms }: VersionMeasured): Content {
  if (calls === 0) return "–";
  return html`${milliseconds(p50Ms)}, ${milliseconds(p99Ms)}<small
      >${count(errors)} of ${count(calls)} failed</small
    >`;
}

/** The mode's own keys on top, those of its ramp below. */
function bandsOf(phase: MeasuredPhase, { from, to }: Report): Band[] {
  const { document } = phase;
  const time = { from: Math.max(phase.from, from), to: Math.min(phase.to ?? to, to) };
  const ramped = rampPercent(document) / 100;
  return [
    { ...time, className: document.mode, bottom: ramped, top: 1 },
    { ...time, className: furthestMode(document), bottom: 0, top: ramped },
  ].filter(({ bottom, top }) => top > bottom);
}
