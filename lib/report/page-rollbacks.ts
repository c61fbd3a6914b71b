import { shortened } from "../text/printable.ts";
import { documentText } from "../rollout/move-kind.ts";
import { html, type Markup } from "./html.ts";
import { moment } from "./page-moment.ts";
import { table } from "./page-table.ts";
import type { Report } from "./report.ts";
import type { Rollback, RollbackCause } from "./rollbacks.ts";

const MAX_DESCRIPTION_CHARACTERS = 300;

const CAUSES: Readonly<Record<RollbackCause, string>> = {
  alarm: "an alarm, during the deployment",
  guard: "the guard, for an alarm",
  operator: "an operator",
  appconfig: "AppConfig itself",
};

/** Which steps back were taken, and why. */
export function rollbacksSection({ rollbacks }: Report): Markup {
  return html`<section>
    <h2>Rollbacks</h2>
    ${
      rollbacks.length === 0
        ? html`<p>There was none.</p>`
        : table<Rollback>(
            [
              { name: "When", content: ({ at }) => moment(at) },
              {
                name: "Step",
                content: ({ from, to }) => `${documentText(from)} → ${documentText(to)}`,
              },
              { name: "Taken by", content: ({ cause }) => CAUSES[cause] },
              {
                name: "In its words",
                content: ({ description, deployment }) =>
                  html`${shortened(description, MAX_DESCRIPTION_CHARACTERS)}<small
                      >deployment ${deployment}</small
                    >`,
              },
            ],
            rollbacks,
          )
    }
  </section>`;
}
