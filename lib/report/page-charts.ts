import { chartMarkup, type Chart, type Line } from "./chart.ts";
import { html, type Markup } from "./html.ts";
import type { MeasuredPeriod } from "./measured.ts";
import type { Report } from "./report.ts";

/** In the drawing's units, of which a wide page has 960 across. */
const HEIGHT = 220;

/** The share above which agreement is drawn where nothing disagrees. */
const LOWEST_AGREEMENT = 0.99;

const VERSIONS = html`<span class="key v1">V1</span><span class="key v2">V2</span>`;

/** How much of what was compared agreed, over time. */
export function agreementSection(report: Report): Markup {
  const line = lineOf(report, "agreement", ({ agreement }) => agreement);
  const values = valuesOf([line]);
  return section(
    "Agreement",
    html`<p class="dim">
      The share of comparisons in which both versions gave the same answer, or one that the rules
      take for the same.
    </p>`,
    values.length === 0
      ? undefined
      : drawing(report, {
          label: "Agreement over time",
          lines: [line],
          values: [Math.min(LOWEST_AGREEMENT, ...values), 1],
          format: "%",
        }),
  );
}

/** How long the versions took, over time. */
export function latencySection(report: Report): Markup {
  const charts = [
    { name: "p50", means: "half of the calls are faster", v1: "v1P50Ms", v2: "v2P50Ms" },
    { name: "p99", means: "99 of 100 calls are faster", v1: "v1P99Ms", v2: "v2P99Ms" },
  ] as const;
  return html`${charts.map(({ name, means, v1, v2 }) => {
    const lines = [
      lineOf(report, "v1", (period) => period[v1]),
      lineOf(report, "v2", (period) => period[v2]),
    ];
    const values = valuesOf(lines);
    return section(
      `Latency, ${name}`,
      html`<p>${VERSIONS}<span class="dim">in milliseconds; ${means}</span></p>`,
      values.length === 0
        ? undefined
        : drawing(report, {
            label: `${name} latency of V1 and V2 over time`,
            lines,
            values: [0, Math.max(...values)],
          }),
    );
  })}`;
}

function section(name: string, head: Markup, chart: Markup | undefined): Markup {
  return html`<section>
    <h2>${name}</h2>
    ${chart === undefined ? html`<p>Nothing was measured.</p>` : [head, chart]}
  </section>`;
}

function drawing({ from, to, rollbacks }: Report, chart: Omit<Chart, "span">): Markup {
  return chartMarkup(
    { ...chart, span: { from, to }, marks: rollbacks.map(({ at }) => at) },
    HEIGHT,
  );
}

/** A period's value stands at its middle. */
function lineOf(
  { series, periodMs }: Report,
  className: string,
  valueOf: (period: MeasuredPeriod) => number | undefined,
): Line {
  return {
    className,
    points: series.map((period) => [period.time + periodMs / 2, valueOf(period)]),
  };
}

function valuesOf(lines: readonly Line[]): number[] {
  return lines.flatMap(({ points }) => points.flatMap(([, value]) => value ?? []));
}
