/**
 * The process that is killed: it does the dual writes that it is told, several at once, in one invocation
 * after the other, and says of each when its caller has seen it succeed.
 */
import middy from "@middy/core";
import segue, { type Mode } from "../../lib/index.ts";
import { tableOf } from "../../lib/records/table.ts";
import { fixedMode, memoryMetrics } from "../../lib/testing.ts";
import { ledgerMigration } from "./ledger.ts";

export interface Write {
  readonly operation: "add" | "limit";
  readonly args: readonly [account: string, ...rest: any[]];
}

export interface Orders {
  readonly mode: Mode;
  /** By invocation: the writes that it does at once. */
  readonly invocations: readonly (readonly Write[])[];
}

async function obey({ mode, invocations }: Orders): Promise<void> {
  const migration = ledgerMigration();
  const logger = { warn: () => {}, error: () => {} };
  const handler = middy({ timeoutEarlyInMillis: 0 })
    .use(
      segue(migration, {
        modeSource: fixedMode(mode),
        metrics: memoryMetrics(),
        records: { ...tableOf(migration.name), write: async () => [], retentionDays: 1 },
        logger,
      }),
    )
    .handler(async (writes: readonly Write[], context: object) => {
      const client = migration.client(context) as Record<string, (...args: any[]) => Promise<void>>;
      await Promise.all(
        writes.map(async (write) => {
          await client[write.operation]!(...write.args);
          process.send!({ done: write });
        }),
      );
    });
  let number = 0;
  for (const writes of invocations) {
    const awsRequestId = `${process.pid}-${number++}`;
    const context = { awsRequestId, getRemainingTimeInMillis: () => 10_000 };
    await handler(writes, context as any, undefined as any);
  }
  process.send!({ finished: true });
}

process.once("message", (orders: Orders) => void obey(orders));
process.send!({ ready: true });
