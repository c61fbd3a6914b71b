import { comparisonPartition, PARTITION_KEY, SORT_KEY } from "./keys.ts";
import type { ComparisonRecord } from "./record.ts";
import type { RecordStore } from "./record-store.ts";

/** The SDK, imported on first use: only an operator reads. */
async function loadSdk() {
  const [{ DynamoDBClient, GetItemCommand }, { unmarshall }] = await Promise.all([
    import("@aws-sdk/client-dynamodb"),
    import("@aws-sdk/util-dynamodb"),
  ]);
  return { GetItemCommand, unmarshall, client: new DynamoDBClient() };
}

/**
 * Reads comparisons, one at a time, from a migration's table of records; an expired one is gone.
 *
 * @param tableName asked on first use; what it throws rejects the request.
 */
export function dynamodbComparison(tableName: () => string): NonNullable<RecordStore["read"]> {
  let loading: ReturnType<typeof loadSdk> | undefined;
  return async (migration, { id, time }, abortSignal) => {
    const TableName = tableName();
    const { GetItemCommand, unmarshall, client } = await (loading ??= loadSdk());
    const partition = comparisonPartition(migration, Date.parse(time), id);
    const Key = { [PARTITION_KEY]: { S: partition }, [SORT_KEY]: { S: id } };
    const { Item } = await client.send(new GetItemCommand({ TableName, Key }), { abortSignal });
    if (Item === undefined) return undefined;
    const record = unmarshall(Item) as ComparisonRecord;
    return record.expiresAt * 1000 > Date.now() ? record : undefined;
  };
}
