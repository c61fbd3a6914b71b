import { functionEnvironment } from "../function-environment.ts";
import { dynamodbComparison } from "./dynamodb-comparison.ts";
import { dynamodbRepairs } from "./dynamodb-repairs.ts";
import { dynamodbWriter } from "./dynamodb-writer.ts";
import type { RecordStore } from "./record-store.ts";
import type { RepairStore } from "./repair-store.ts";

/** The migration's table, found on first use: a handler's module may be loaded where there is none. */
export function tableOf(migration: string): RecordStore & { readonly repairs: RepairStore } {
  let writer: RecordStore | undefined;
  const table = () => functionEnvironment(migration).table;
  const open = () => (writer ??= dynamodbWriter(functionEnvironment(migration)));
  return {
    async write(comparisons, signal) {
      return open().write(comparisons, signal);
    },
    read: dynamodbComparison(table),
    repairs: dynamodbRepairs(table),
    get retentionDays() {
      return writer?.retentionDays ?? 0;
    },
  };
}
