import { scaleLinear, scaleUtc, type ScaleTime } from "d3-scale";
import { line } from "d3-shape";
import { html, type Markup } from "./html.ts";
import type { Span } from "./span.ts";

/** One line of a chart. */
export interface Line {
  /** The class that gives it its looks. */
  readonly className: string;
  /** In order; `undefined` is a gap. */
  readonly points: readonly (readonly [time: number, value: number | undefined])[];
}

/** A time that stands out. */
export interface Band extends Span {
  readonly className: string;
  /** Where it begins and ends between the chart's bottom, 0, and its top, 1. */
  readonly bottom: number;
  readonly top: number;
}

export interface Chart {
  /** What it shows, for who can't see it. */
  readonly label: string;
  readonly span: Span;
  readonly lines: readonly Line[];
  readonly bands?: readonly Band[];
  /** Times with a line from top to bottom, epoch milliseconds. */
  readonly marks?: readonly number[];
  /** The lowest and the highest value; without it there is no scale of values. */
  readonly values?: readonly [lowest: number, highest: number];
  /** How a value is written, as d3-format has it. @default an ordinary number */
  readonly format?: string;
}

/** In the units of the drawing, which grows and shrinks with the page. */
interface Size {
  readonly className: string;
  readonly width: number;
  readonly height: number;
}

/** The same letters are as large as the text around them on a desk as on a phone. */
const WIDE = { className: "wide", width: 960 };
const NARROW = { className: "narrow", width: 360 };

const MARGIN = { top: 10, right: 20, bottom: 24, left: 52 };
const UNITS_PER_TICK = 90;
const VALUE_TICKS = 4;
const DOT_RADIUS = 2;

/** However short a time is, it is to be seen. */
const MIN_WIDTH = 1;

/** A chart, drawn for wide pages and for narrow ones, of which the page's style shows one. */
export function chartMarkup(chart: Chart, height: number): Markup {
  const draw = (size: typeof WIDE) => drawing(chart, { ...size, height });
  return html`<div class="chart">${draw(WIDE)}${draw(NARROW)}</div>`;
}

function drawing(chart: Chart, { className, width, height }: Size): Markup {
  const { label, span, lines, bands = [], marks = [], values } = chart;
  // The same for all charts, so that their times stand below each other.
  const { left } = MARGIN;
  const right = width - MARGIN.right;
  const bottom = height - MARGIN.bottom;
  const x = scaleUtc([span.from, span.to], [left, right]).clamp(true);
  const y = scaleLinear(values ?? [0, 1], [bottom, MARGIN.top]);
  if (values !== undefined) y.nice(VALUE_TICKS);
  const level = scaleLinear([0, 1], [bottom, MARGIN.top]);
  return html`<svg
    class="${className}"
    viewBox="0 0 ${width} ${height}"
    role="img"
    aria-label="${label}"
  >
    ${bands.map(
      (band) =>
        html`<rect
          class="${band.className}"
          x="${round(x(band.from))}"
          y="${round(level(band.top))}"
          width="${Math.max(MIN_WIDTH, round(x(band.to) - x(band.from)))}"
          height="${round(level(band.bottom) - level(band.top))}"
        />`,
    )}
    ${values === undefined ? undefined : valueAxis(chart, y, { left, right })}
    ${timeAxis(x, Math.floor((right - left) / UNITS_PER_TICK), bottom)}
    ${marks.map((time) => html`<line class="mark" x1="${round(x(time))}" x2="${round(x(time))}" y1="${MARGIN.top}" y2="${bottom}" />`)}
    ${lines.map((one) => lineMarkup(one, x, y))}
  </svg>`;
}

function lineMarkup(
  { className, points }: Line,
  x: (time: number) => number,
  y: (value: number) => number,
): Markup {
  const isThere = (at: number) => points[at]?.[1] !== undefined;
  const path = line<Line["points"][number]>()
    .defined(([, value]) => value !== undefined)
    .x(([time]) => x(time))
    .y(([, value]) => y(value ?? 0));
  // A point between two gaps is no line, and would not be seen.
  const alone = points.filter((_, at) => isThere(at) && !isThere(at - 1) && !isThere(at + 1));
  return html`<g class="${className}"
    ><path d="${path(points) ?? ""}" />${alone.map(
      ([time, value]) =>
        html`<circle cx="${round(x(time))}" cy="${round(y(value ?? 0))}" r="${DOT_RADIUS}" />`,
    )}</g
  >`;
}

function valueAxis(
  { format }: Chart,
  y: ReturnType<typeof scaleLinear<number>>,
  { left, right }: { left: number; right: number },
): Markup[] {
  const text = y.tickFormat(VALUE_TICKS, format);
  return y
    .ticks(VALUE_TICKS)
    .map(
      (value) =>
        html`<line
            class="grid"
            x1="${left}"
            x2="${right}"
            y1="${round(y(value))}"
            y2="${round(y(value))}"
          /><text class="value" x="${left - 6}" y="${round(y(value))}" dy="0.32em"
            >${text(value)}</text
          >`,
    );
}

function timeAxis(x: ScaleTime<number, number>, ticks: number, bottom: number): Markup[] {
  const [day, hour] = [x.tickFormat(undefined, "%-d %b"), x.tickFormat(undefined, "%H:%M")];
  return x.ticks(ticks).map((time) => {
    const isMidnight = time.getTime() % 86_400_000 === 0;
    const at = round(x(time));
    return html`<line class="tick" x1="${at}" x2="${at}" y1="${bottom}" y2="${bottom + 4}" /><text
        class="time"
        x="${at}"
        y="${bottom + 16}"
        >${isMidnight ? day(time) : hour(time)}</text
      >`;
  });
}

/** A tenth of a unit is finer than anyone sees. */
function round(value: number): number {
  return Math.round(value * 10) / 10;
}
