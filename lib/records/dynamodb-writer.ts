import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import type { Comparison } from "../call/comparison.ts";
import { messageOf } from "../logger.ts";
import { PARTITION_KEY, SORT_KEY } from "./keys.ts";
import { comparisonRecord } from "./record.ts";
import type { RecordStore, Unwritten } from "./record-store.ts";

/** DynamoDB's limit for one BatchWriteItem. */
const MAX_BATCH = 25;

const FIRST_BACKOFF_MS = 50;
const MAX_BACKOFF_MS = 2_000;

type Item = Record<string, AttributeValue>;

/** A comparison beside the item it became. */
interface Entry {
  readonly comparison: Comparison;
  readonly item: Item;
}

/** The SDK, imported on first use: an invocation without comparisons never pays for it. */
async function loadSdk() {
  const [{ BatchWriteItemCommand, DynamoDBClient }, { marshall }] = await Promise.all([
    import("@aws-sdk/client-dynamodb"),
    import("@aws-sdk/util-dynamodb"),
  ]);
  const client = new DynamoDBClient();
  // It copies all that is written, for a log that this client has not.
  client.middlewareStack.remove("loggerMiddleware");
  return { BatchWriteItemCommand, marshall, client };
}

/**
 * Writes comparisons to a DynamoDB table in batches, and what DynamoDB leaves unprocessed again, until
 * the signal aborts.
 */
export function dynamodbWriter(options: { table: string; retentionDays: number }): RecordStore {
  const { table, retentionDays } = options;
  let loading: ReturnType<typeof loadSdk> | undefined;
  const sdk = () => (loading ??= loadSdk());

  /** Sends a batch; resolves to the entries that DynamoDB left unprocessed. */
  async function send(entries: readonly Entry[], abortSignal: AbortSignal): Promise<Entry[]> {
    const { BatchWriteItemCommand, client } = await sdk();
    const requests = entries.map(({ item }) => ({ PutRequest: { Item: item } }));
    const command = new BatchWriteItemCommand({ RequestItems: { [table]: requests } });
    const { UnprocessedItems } = await client.send(command, { abortSignal });
    const unprocessed = new Set(
      UnprocessedItems?.[table]?.map(({ PutRequest }) => keyOf(PutRequest?.Item)),
    );
    return entries.filter(({ item }) => unprocessed.has(keyOf(item)));
  }

  async function writeBatch(entries: readonly Entry[], signal: AbortSignal): Promise<Unwritten[]> {
    const unwritten = (left: readonly Entry[], why: string) =>
      left.map(({ comparison }) => ({ comparison, why }));
    let left = entries;
    for (let attempt = 0; ; attempt++) {
      try {
        left = await send(left, signal);
      } catch (error) {
        if (error instanceof Error && error.name === "ValidationException" && left.length > 1) {
          // One item that DynamoDB doesn't take fails its whole batch: each goes by itself.
          return (await Promise.all(left.map((entry) => writeBatch([entry], signal)))).flat();
        }
        return unwritten(left, messageOf(error));
      }
      if (left.length === 0) return [];
      // Full jitter, so that environments that were throttled together don't come back together.
      const ceilingMs = Math.min(MAX_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** attempt);
      await pause(Math.random() * ceilingMs, signal);
      if (signal.aborted) return unwritten(left, "DynamoDB left it unprocessed to the last");
    }
  }

  return {
    retentionDays,
    async write(comparisons, signal) {
      const { marshall } = await sdk();
      const entries: Entry[] = [];
      const batches: Promise<Unwritten[]>[] = [];
      const refused: Unwritten[] = [];
      for (const comparison of comparisons) {
        try {
          const record = comparisonRecord(comparison, retentionDays);
          entries.push({ comparison, item: marshall(record) });
        } catch (error) {
          refused.push({ comparison, why: messageOf(error) });
        }
      }
      for (let at = 0; at < entries.length; at += MAX_BATCH) {
        batches.push(writeBatch(entries.slice(at, at + MAX_BATCH), signal));
      }
      return [...refused, ...(await Promise.all(batches)).flat()];
    },
  };
}

function keyOf(item: Item | undefined): string {
  return `${item?.[PARTITION_KEY]?.S}\n${item?.[SORT_KEY]?.S}`;
}

/** Waits, or less if the signal aborts. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener("abort", end);
    if (signal.aborted) end();
  });
}
