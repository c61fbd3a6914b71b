import { messageOf } from "../logger.ts";
import { publish } from "../metrics/publish.ts";
import { Tally } from "../metrics/tally.ts";
import type { DefinedMigration, Migration } from "../migration.ts";
import { readInTime } from "../mode-source/read-in-time.ts";
import { refuseRange } from "../options.ts";
import { remainingTimeOf, resolveOptions, type SegueOptions } from "../segue-options.ts";
import { repairPass, type RepairReport } from "./pass.ts";

/**
 * Makes the Lambda handler of the repair pass, to be run on a schedule: it takes up the dual writes that
 * were left half done, and answers with what it did and what is a person's to decide. What it can't
 * repair stays, and is counted as `RepairsPending`.
 *
 * @param migrations one migration or several; those without dual writes are passed over.
 * @param options as for `segue`; `reserveMs` is the time that is left when no further repair begins.
 * @throws {TypeError | RangeError} naming the option that is wrong, what it got and what is allowed.
 * @example
 * export const handler = repairHandler(payments);
 */
export function repairHandler(
  migrations: Migration | readonly Migration[],
  options: SegueOptions = {},
): (event: unknown, context: any) => Promise<RepairReport[]> {
  const { defined, modeSource, metrics, repairs, reserveMs, logger } = resolveOptions(
    migrations,
    options,
  );
  if (repairs.size === 0) refuseRange("migrations", migrations, "one with a dual write");

  return async (_event, context) => {
    const untilDeadlineMs = remainingTimeOf(context);
    const remainingMs = () => untilDeadlineMs() - reserveMs;
    const requestId = String(context.awsRequestId ?? crypto.randomUUID());

    async function pass(migration: DefinedMigration): Promise<RepairReport> {
      const budgetMs = remainingMs() / 2;
      const { document, counts } = await readInTime(modeSource, migration.name, budgetMs);
      const tally = new Tally(migration.name);
      for (const name of counts) tally.count(name);
      const store = repairs.get(migration.name)!;
      try {
        if (counts.includes("ModeDefaulted")) {
          throw new Error(
            `${migration.name}: the mode can't be read, and so who is right is not known`,
          );
        }
        const report = await repairPass({ migration, store, document, requestId, remainingMs });
        // Nothing is a number that a pass which did not see all can't know.
        if (report.complete || report.pending > 0) tally.set("RepairsPending", report.pending);
        tally.count("RepairsDone", report.done);
        tally.count("RepairsFailed", report.failed);
        for (const left of report.left) {
          logger.warn("repair left", { migration: migration.name, ...left });
        }
        return report;
      } finally {
        await publish(metrics, [tally], logger);
      }
    }

    const passes = await Promise.allSettled(
      defined.filter(({ name }) => repairs.has(name)).map(pass),
    );
    const failures = passes.filter((one) => one.status === "rejected");
    // The schedule tries again, and Lambda's own metrics show that it had to.
    if (failures.length > 0) {
      throw new Error(failures.map(({ reason }) => messageOf(reason)).join("; "));
    }
    return passes.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  };
}

export type { RepairReport };
