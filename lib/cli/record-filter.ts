import { InvalidArgumentError, Option, type Command } from "commander";
import { isAgreement, OUTCOMES, type Outcome } from "../call/outcome.ts";
import { readComparison, type ComparisonQuery } from "../records/reader.ts";
import type { ComparisonRecord } from "../records/record.ts";
import { CommandError } from "./errors.ts";
import { EXIT_CODES } from "./exit-codes.ts";
import type { CommonOptions, Operator } from "./operator.ts";
import { timeOf } from "./span.ts";

/** Options that say which records are meant. */
export interface RecordFilter extends CommonOptions {
  /** Epoch milliseconds. */
  readonly since: number;
  readonly until?: number;
  readonly operation?: string;
  readonly outcome?: readonly Outcome[];
}

/** Adds the options by which records are chosen. */
export function filtersRecords(command: Command): Command {
  return command
    .addOption(
      new Option("--since <time>", "90m, 24h, 7d ago and the like, or an ISO 8601 time")
        .argParser(timeOf)
        .default(timeOf("24h"), "24h"),
    )
    .option("--until <time>", "the same (default: now)", timeOf)
    .option("--operation <name>", "this operation alone")
    .addOption(
      new Option(
        "--outcome <outcome...>",
        "these outcomes alone (default: the disagreements)",
      ).choices(Object.keys(OUTCOMES)),
    );
}

/** Reads an option's whole number from 1. */
export function countOf(text: string): number {
  const count = Number(text);
  if (!Number.isSafeInteger(count) || count < 1) {
    throw new InvalidArgumentError("Allowed is a whole number from 1.");
  }
  return count;
}

/** The span of time that is meant. */
export function queryOf(
  { parts, dynamodb }: Operator,
  { since, until }: RecordFilter,
): ComparisonQuery {
  const query = {
    client: dynamodb,
    table: parts.table,
    migration: parts.migration,
    from: since,
    to: until ?? Date.now(),
  };
  if (query.from > query.to) {
    throw new CommandError("--since: it is after --until", EXIT_CODES.usage);
  }
  return query;
}

/** Whether a record of that span is meant. */
export function isWanted(
  { operation, outcome }: ComparisonRecord,
  filter: Pick<RecordFilter, "operation" | "outcome">,
): boolean {
  return (
    operation === (filter.operation ?? operation) &&
    (filter.outcome?.includes(outcome) ?? !isAgreement(outcome))
  );
}

/**
 * Finds one record of that span by its id.
 *
 * @throws {CommandError} where there is none.
 */
export async function findRecord(
  operator: Operator,
  filter: RecordFilter,
  id: string,
): Promise<ComparisonRecord> {
  const record = await readComparison(queryOf(operator, filter), id);
  if (record === undefined) {
    const since = new Date(filter.since).toISOString();
    throw new CommandError(`no record ${id} since ${since}: --since 30d looks further back`);
  }
  return record;
}
