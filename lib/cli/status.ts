import type { Command } from "commander";
import { readStatus } from "../rollout/status.ts";
import { onMigration, runs, segueCommand } from "./command.ts";
import { EXIT_CODES } from "./exit-codes.ts";
import { openOperator, type CommonOptions } from "./operator.ts";
import { statusText } from "./status-text.ts";

/** `segue status`: where a migration stands. */
export function statusCommand(): Command {
  return onMigration(
    segueCommand(
      "status [migration]",
      "tell where a migration stands: mode, deployment, alarms, comparisons, the gate's conditions",
      [
        ["segue status", "the only migration there is"],
        ["segue status customer-ids --stage test", "one of several"],
        ["segue status --json | jq .gate.allowed", "for a pipeline"],
      ],
    ),
  ).action(
    runs(async ({ terminal }, migration: string | undefined, options: CommonOptions) => {
      const operator = await openOperator(migration, options);
      const status = await readStatus(operator);
      terminal.print(
        options.json
          ? JSON.stringify(status, undefined, 2)
          : statusText(status, operator.now(), terminal.colors),
      );
      return EXIT_CODES.done;
    }),
  );
}
