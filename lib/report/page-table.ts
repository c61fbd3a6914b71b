import { html, type Content, type Markup } from "./html.ts";

/** A column of a table. */
export interface Column<Row> {
  readonly name: string;
  /** Whether it has figures. */
  readonly isNumber?: boolean;
  content(row: Row): Content;
}

/** A table, of which a narrow page shows each row as a list that the first column heads. */
export function table<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): Markup {
  const classOf = ({ isNumber }: Column<Row>, at: number) =>
    at === 0 ? "head" : isNumber ? "number" : "";
  return html`<table>
    <thead>
      <tr>
        ${columns.map((column, at) => html`<th class="${classOf(column, at)}">${column.name}</th>`)}
      </tr>
    </thead>
    <tbody>
      ${rows.map(
        (row) =>
          html`<tr>
            ${columns.map(
              (column, at) =>
                html`<td class="${classOf(column, at)}" data-label="${column.name}">
                  <div>${column.content(row)}</div>
                </td>`,
            )}
          </tr>`,
      )}
    </tbody>
  </table>`;
}
