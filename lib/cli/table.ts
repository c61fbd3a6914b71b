import { stripVTControlCharacters } from "node:util";
import CliTable from "cli-table3";

const NO_BORDERS = Object.fromEntries(
  ["top", "bottom", "left", "right", "mid", "middle"]
    .flatMap((side) => [side, `${side}-mid`, `${side}-left`, `${side}-right`])
    .concat("mid-mid")
    .map((side) => [side, ""]),
);

const INDENT = 2;

/**
 * Rows as text, in columns without borders, a little indented.
 *
 * @param options.maxWidths characters, by column, beyond which a cell goes on in another line.
 */
export function tableText(
  rows: readonly (readonly string[])[],
  options: {
    readonly alignRight?: readonly number[];
    readonly maxWidths?: Readonly<Record<number, number>>;
  } = {},
): string {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const table = new CliTable({
    chars: NO_BORDERS,
    wordWrap: true,
    colWidths: widthsOf(rows, options.maxWidths),
    style: { "padding-left": INDENT, "padding-right": 0, head: [], border: [] },
    colAligns: Array.from({ length: columns }, (_, at) =>
      options.alignRight?.includes(at) ? "right" : "left",
    ),
  });
  table.push(...rows.map((row) => [...row]));
  return table
    .toString()
    .split("\n")
    .map((line) => line.trimEnd())
    .join("\n");
}

/** The width of each column that is not to be as wide as its widest cell. */
function widthsOf(
  rows: readonly (readonly string[])[],
  maxWidths: Readonly<Record<number, number>> = {},
): number[] {
  const widths: number[] = [];
  for (const [column, max] of Object.entries(maxWidths)) {
    const isWide = rows.some(
      (row) => stripVTControlCharacters(row[Number(column)] ?? "").length > max,
    );
    if (isWide) widths[Number(column)] = max + INDENT;
  }
  return widths;
}
