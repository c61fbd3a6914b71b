import { CreateTableCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { createDynamoDb } from "../../lib/local/dynamodb/index.ts";
import { openGateway } from "../../lib/local/gateway.ts";
import type { Service } from "../../lib/local/service.ts";
import { PARTITION_KEY, SORT_KEY } from "../../lib/records/keys.ts";

export const TABLE = "records";

/**
 * A table of records behind DynamoDB's protocol. The AWS SDK's variables of this process lead to it, as
 * a function's do.
 *
 * @param around puts itself around the way in which a request is answered.
 */
export async function openRecordsTable(
  around: (handle: Service["handle"]) => Service["handle"] = (handle) => handle,
) {
  const gateway = await openGateway();
  const service = createDynamoDb({ region: "us-east-1", account: "123456789012" });
  gateway.serve({ ...service, handle: around((request) => service.handle(request)) });
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: gateway.endpoint,
    AWS_REGION: "us-east-1",
    AWS_ACCESS_KEY_ID: "test",
    AWS_SECRET_ACCESS_KEY: "test",
  });
  const client = new DynamoDBClient();
  await client.send(
    new CreateTableCommand({
      TableName: TABLE,
      BillingMode: "PAY_PER_REQUEST",
      KeySchema: [
        { AttributeName: PARTITION_KEY, KeyType: "HASH" },
        { AttributeName: SORT_KEY, KeyType: "RANGE" },
      ],
      AttributeDefinitions: [
        { AttributeName: PARTITION_KEY, AttributeType: "S" },
        { AttributeName: SORT_KEY, AttributeType: "S" },
      ],
    }),
  );
  return {
    client,
    gateway,
    async close() {
      client.destroy();
      await gateway.close();
      await service.close();
    },
  };
}
