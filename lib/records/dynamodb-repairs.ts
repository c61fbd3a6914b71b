import type { AttributeValue, QueryCommandInput } from "@aws-sdk/client-dynamodb";
import {
  PARTITION_KEY,
  repairKey,
  repairPartitions,
  repairSubject,
  SORT_KEY,
  type RepairIdentity,
} from "./keys.ts";
import {
  cutWhy,
  otherRepair,
  repairRecord,
  storedRepair,
  type RepairRecord,
} from "./repair-record.ts";
import type { RepairStore } from "./repair-store.ts";

/** The SDK, imported on first use: only a dual write pays for it. */
async function loadSdk() {
  const [sdk, { marshall, unmarshall }] = await Promise.all([
    import("@aws-sdk/client-dynamodb"),
    import("@aws-sdk/util-dynamodb"),
  ]);
  return { sdk, marshall, unmarshall, client: new sdk.DynamoDBClient() };
}

/** A command's parts, which each of the commands below has. */
interface Expressions {
  readonly ConditionExpression?: string;
  readonly UpdateExpression?: string;
  readonly ExpressionAttributeNames?: Record<string, string>;
  readonly ExpressionAttributeValues?: Record<string, AttributeValue>;
  readonly ReturnValues?: "UPDATED_NEW";
}

/** What is asked of the items of a query. */
type Choice = Pick<
  QueryCommandInput,
  "FilterExpression" | "ProjectionExpression" | "ExpressionAttributeNames"
>;

/**
 * Keeps repairs in the migration's table of records.
 *
 * @param tableName asked on first use; what it throws rejects the request.
 */
export function dynamodbRepairs(tableName: () => string): RepairStore {
  let loading: ReturnType<typeof loadSdk> | undefined;
  const open = async () => ({ table: tableName(), ...(await (loading ??= loadSdk())) });

  async function update(
    repair: RepairIdentity,
    expressions: Expressions,
    abortSignal: AbortSignal,
  ) {
    const { table, sdk, marshall, client } = await open();
    return conditional(() =>
      client.send(
        new sdk.UpdateItemCommand({
          TableName: table,
          Key: marshall(repairKey(repair)),
          ...expressions,
        }),
        { abortSignal },
      ),
    );
  }

  async function* query(
    pk: string,
    prefix: string | undefined,
    expressions: Choice = {},
    abortSignal?: AbortSignal,
  ): AsyncGenerator<RepairRecord> {
    const { table, sdk, unmarshall, client } = await open();
    const pages = sdk.paginateQuery(
      { client },
      {
        TableName: table,
        ConsistentRead: true,
        ...expressions,
        KeyConditionExpression:
          prefix === undefined ? "#pk = :pk" : "#pk = :pk AND begins_with(#sk, :prefix)",
        ExpressionAttributeNames: {
          "#pk": PARTITION_KEY,
          ...(prefix !== undefined && { "#sk": SORT_KEY }),
          ...expressions.ExpressionAttributeNames,
        },
        ExpressionAttributeValues: {
          ":pk": { S: pk },
          ...(prefix !== undefined && { ":prefix": { S: prefix } }),
        },
      },
      { abortSignal },
    );
    for await (const { Items = [] } of pages) {
      for (const item of Items) yield unmarshall(item) as RepairRecord;
    }
  }

  const ofSubject = (
    { migration, subject }: Pick<RepairIdentity, "migration" | "subject">,
    expressions?: Choice,
    signal?: AbortSignal,
  ) => {
    const { pk } = repairKey({ migration, subject, id: "" });
    return query(pk, repairSubject(subject), expressions, signal);
  };

  async function others(of: RepairIdentity, expressions: Choice, signal: AbortSignal) {
    const found: RepairRecord[] = [];
    for await (const record of ofSubject(of, expressions, signal)) {
      if (record.id !== of.id) found.push(record);
    }
    return found;
  }

  return {
    async put(repair, state, why, abortSignal) {
      const { table, sdk, marshall, client } = await open();
      const Item = marshall(repairRecord(repair, state, why));
      const expressions: Expressions =
        state === "intended"
          ? {
              ConditionExpression: "attribute_not_exists(#pk)",
              ExpressionAttributeNames: { "#pk": PARTITION_KEY },
            }
          : {};
      await conditional(() =>
        client.send(new sdk.PutItemCommand({ TableName: table, Item, ...expressions }), {
          abortSignal,
        }),
      );
    },

    async change(repair, state, why, signal) {
      const ended = repair.endedAt === undefined ? "" : new Date(repair.endedAt).toISOString();
      const changed = await update(
        repair,
        {
          ConditionExpression: "attribute_exists(#pk)",
          UpdateExpression: `SET #state = :state, why = :why${ended && ", endedAt = :ended"}`,
          ExpressionAttributeNames: { "#pk": PARTITION_KEY, "#state": "state" },
          ExpressionAttributeValues: {
            ":state": { S: state },
            ":why": { S: cutWhy(why) },
            ...(ended && { ":ended": { S: ended } }),
          },
        },
        signal,
      );
      return changed !== undefined;
    },

    async remove(repair, condition, abortSignal) {
      const { table, sdk, marshall, client } = await open();
      const expressions: Expressions =
        condition === "always"
          ? {}
          : condition === "unless-overlapped"
            ? { ConditionExpression: "attribute_not_exists(overlapped)" }
            : {
                // What is gone already was removed by a try of this very request.
                ConditionExpression: "attribute_not_exists(#pk) OR claim = :claim",
                ExpressionAttributeNames: { "#pk": PARTITION_KEY },
                ExpressionAttributeValues: { ":claim": { S: condition.claim } },
              };
      const removed = await conditional(() =>
        client.send(
          new sdk.DeleteItemCommand({
            TableName: table,
            Key: marshall(repairKey(repair)),
            ...expressions,
          }),
          { abortSignal },
        ),
      );
      return removed !== undefined;
    },

    async sameSubject(repair, signal) {
      const { migration, subject } = repair;
      // Writes may be large, and many while a version is down.
      const expressions = {
        ProjectionExpression: "id",
        FilterExpression:
          "attribute_not_exists(overlapped) OR attribute_exists(claim) OR attribute_exists(look)",
      };
      const found = await others(repair, expressions, signal);
      return found.map(({ id }) => ({ migration, subject, id }));
    },

    async overlap(repair, signal) {
      await update(
        repair,
        {
          ConditionExpression: "attribute_exists(#pk)",
          UpdateExpression: "SET overlapped = :true REMOVE claim, claimedUntil, look",
          ExpressionAttributeNames: { "#pk": PARTITION_KEY },
          ExpressionAttributeValues: { ":true": { BOOL: true } },
        },
        signal,
      );
    },

    async *list(migration) {
      for (const pk of repairPartitions(migration)) {
        for await (const record of query(pk, undefined)) yield storedRepair(record);
      }
    },

    async others(repair, signal) {
      const expressions = {
        ProjectionExpression:
          "id, requestId, idempotencyKey, #state, #time, dueAt, endedAt, #primary, overlapped",
        ExpressionAttributeNames: { "#state": "state", "#time": "time", "#primary": "primary" },
      };
      return (await others(repair, expressions, signal)).map(otherRepair);
    },

    async holds(repair, { claim }, signal) {
      const { pk, sk } = repairKey(repair);
      for await (const stored of query(pk, sk, { ProjectionExpression: "claim" }, signal)) {
        return stored.claim === claim;
      }
      return false;
    },

    async *ofSubject(of) {
      for await (const record of ofSubject(of)) yield storedRepair(record);
    },

    async look(repair, signal) {
      const updated = await update(
        repair,
        {
          ConditionExpression: "attribute_exists(#pk)",
          UpdateExpression: "SET look = if_not_exists(look, :look)",
          ExpressionAttributeNames: { "#pk": PARTITION_KEY },
          ExpressionAttributeValues: { ":look": { S: crypto.randomUUID() } },
          ReturnValues: "UPDATED_NEW",
        },
        signal,
      );
      return updated && { look: updated.Attributes!["look"]!.S! };
    },

    async claim(repair, untilMs, condition, signal) {
      const claim = crypto.randomUUID();
      const free = "(attribute_not_exists(claim) OR claimedUntil < :now OR claim = :claim)";
      const unchanged =
        condition === "always"
          ? ""
          : condition === "unless-overlapped"
            ? " AND attribute_not_exists(overlapped)"
            : " AND look = :look";
      const claimed = await update(
        repair,
        {
          // Its own claim is free to it, so that the SDK may try again what has been done already.
          ConditionExpression: `attribute_exists(#pk) AND ${free}${unchanged}`,
          UpdateExpression: "SET claim = :claim, claimedUntil = :until",
          ExpressionAttributeNames: { "#pk": PARTITION_KEY },
          ExpressionAttributeValues: {
            ":now": { N: String(Date.now()) },
            ":claim": { S: claim },
            ":until": { N: String(untilMs) },
            ...(typeof condition === "object" && { ":look": { S: condition.look } }),
          },
        },
        signal,
      );
      return claimed && { claim };
    },

    async release(repair, { claim }, why, signal) {
      await update(
        repair,
        {
          ConditionExpression: "claim = :claim",
          UpdateExpression: `${why === undefined ? "" : "SET why = :why ADD attempts :one "}REMOVE claim, claimedUntil`,
          ExpressionAttributeValues: {
            ":claim": { S: claim },
            ...(why !== undefined && { ":why": { S: cutWhy(why) }, ":one": { N: "1" } }),
          },
        },
        signal,
      );
    },
  };
}

/** What a request with a condition answers; nothing where that wasn't met. */
async function conditional<Output>(send: () => Promise<Output>): Promise<Output | undefined> {
  try {
    return await send();
  } catch (error) {
    if (error instanceof Error && error.name === "ConditionalCheckFailedException") {
      return undefined;
    }
    throw error;
  }
}
