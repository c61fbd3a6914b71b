import { count, counted, share } from "../text/figures.ts";
import { shortened } from "../text/printable.ts";
import type { Change, ChangeRow, Occurrences } from "./changes.ts";
import { html, type Content, type Markup } from "./html.ts";
import { moment } from "./page-moment.ts";
import { table } from "./page-table.ts";
import type { Report } from "./report.ts";
import type { Stretch } from "./stretches.ts";

const MAX_VALUE_CHARACTERS = 120;
const MAX_NAME_CHARACTERS = 300;

/** What differed before and after each change of the mode. */
export function changesSection({ changes, records }: Report): Markup {
  return html`<section>
    <h2>What differed, before and after</h2>
    ${
      changes.length === 0
        ? html`<p>Nothing was compared.</p>`
        : html`<p class="dim">
            The heaviest differences of ${count(records)} records, with their share of all
            comparisons.
          </p>`
    }
    ${changes.map(changeMarkup)}
  </section>`;
}

function changeMarkup({ before, after, rows, more, ungrouped }: Change): Markup {
  return html`<h3>${before.label} → ${after.label}</h3>
    <p class="dim">Before: ${span(before)}. After: ${span(after)}.</p>
    ${
      rows.length === 0
        ? html`<p>Nothing differed.</p>`
        : table<ChangeRow>(
            [
              { name: "Difference", content: differenceContent },
              { name: "Before", isNumber: true, content: (row) => occurrences(row.before) },
              { name: "After", isNumber: true, content: (row) => occurrences(row.after) },
            ],
            rows,
          )
    }
    ${more === 0 ? undefined : html`<p class="dim">And ${count(more)} more.</p>`}
    ${
      ungrouped === 0
        ? undefined
        : html`<p class="dim">${count(ungrouped)} calls had yet other signatures.</p>`
    }`;
}

function span({ from, to }: Stretch): Markup {
  return html`${moment(from)} to ${moment(to)}`;
}

function occurrences({ calls, share: ofAll }: Occurrences): Content {
  if (calls > 0) return html`${share(ofAll)}<small>${counted(calls, "call")}</small>`;
  // Where nothing was compared, none says nothing.
  return ofAll === undefined ? "–" : "none";
}

function differenceContent({ operation, outcome, signature, example }: ChangeRow): Markup {
  const [difference] = example.differences;
  return html`<code>${shortened(signature, MAX_NAME_CHARACTERS)}</code
    ><small>${shortened(operation, MAX_NAME_CHARACTERS)}, ${outcome}</small>${
      difference === undefined
        ? undefined
        : html`<small>such as V1 ${value(difference.v1)}, V2 ${value(difference.v2)}</small>`
    }${
      example.reason === undefined
        ? undefined
        : html`<small>${shortened(example.reason, MAX_NAME_CHARACTERS)}</small>`
    }`;
}

function value(text: string | undefined): Content {
  return text === undefined
    ? "has none"
    : html`<code>${shortened(text, MAX_VALUE_CHARACTERS)}</code>`;
}
