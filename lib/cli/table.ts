import CliTable from "cli-table3";

const NO_BORDERS = Object.fromEntries(
  ["top", "bottom", "left", "right", "mid", "middle"]
    .flatMap((side) => [side, `${side}-mid`, `${side}-left`, `${side}-right`])
    .concat("mid-mid")
    .map((side) => [side, ""]),
);

/** Rows as text, in columns without borders, a little indented. */
export function tableText(
  rows: readonly (readonly string[])[],
  options: { readonly alignRight?: readonly number[] } = {},
): string {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const table = new CliTable({
    chars: NO_BORDERS,
    style: { "padding-left": 2, "padding-right": 0, head: [], border: [] },
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
