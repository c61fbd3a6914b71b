import {
  BatchWriteItemCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
  UpdateTimeToLiveCommand,
} from "@aws-sdk/client-dynamodb";
import { marshall, unmarshall } from "@aws-sdk/util-dynamodb";
import assert from "node:assert/strict";
import { describe, it, test, type TestContext } from "node:test";
import { createDynamoDb } from "../../../lib/local/dynamodb/index.ts";
import { openGateway } from "../../../lib/local/gateway.ts";

const ids = { region: "eu-west-1", account: "123456789012" };
const site = { ...ids, stackName: "Orders", logicalId: "Table" };
const keys = {
  KeySchema: [
    { AttributeName: "pk", KeyType: "HASH" },
    { AttributeName: "sk", KeyType: "RANGE" },
  ],
  AttributeDefinitions: [
    { AttributeName: "pk", AttributeType: "S" },
    { AttributeName: "sk", AttributeType: "S" },
  ],
};
const onDemand = { ...keys, BillingMode: "PAY_PER_REQUEST" };

async function setUp(t: TestContext) {
  const service = createDynamoDb(ids);
  const gateway = await openGateway();
  t.after(() => gateway.close());
  gateway.serve(service);
  const client = new DynamoDBClient({
    endpoint: gateway.endpoint,
    region: ids.region,
    credentials: { accessKeyId: "local", secretAccessKey: "local" },
  });
  t.after(() => client.destroy());
  const create = async (properties: Record<string, unknown>, type = "AWS::DynamoDB::Table") =>
    service.resources[type]!(properties, site);
  return { client, create };
}

test("makes a table, and reads and writes it through the SDK", async (t) => {
  const { client, create } = await setUp(t);
  const { ref: TableName, attributes } = await create(onDemand);
  assert.match(TableName, /^Orders-Table-[0-9A-F]{12}$/);
  assert.equal(attributes?.["Arn"], `arn:aws:dynamodb:eu-west-1:123456789012:table/${TableName}`);
  const { Table } = await client.send(new DescribeTableCommand({ TableName }));
  assert.equal(Table?.TableStatus, "ACTIVE");

  await client.send(new PutItemCommand({ TableName, Item: marshall({ pk: "a", sk: "0", n: 1 }) }));
  const Key = marshall({ pk: "a", sk: "0" });
  await client.send(
    new UpdateItemCommand({
      TableName,
      Key,
      UpdateExpression: "ADD n :one",
      ExpressionAttributeValues: marshall({ ":one": 1 }),
    }),
  );
  const { Item } = await client.send(new GetItemCommand({ TableName, Key }));
  assert.deepEqual(unmarshall(Item!), { pk: "a", sk: "0", n: 2 });

  const puts = Array.from({ length: 25 }, (_, index) => ({
    PutRequest: { Item: marshall({ pk: "b", sk: String(index).padStart(2, "0") }) },
  }));
  const written = await client.send(
    new BatchWriteItemCommand({ RequestItems: { [TableName]: puts } }),
  );
  assert.deepEqual(written.UnprocessedItems, {});
  const { Items } = await client.send(
    new QueryCommand({
      TableName,
      KeyConditionExpression: "pk = :pk AND sk >= :from",
      ExpressionAttributeValues: marshall({ ":pk": "b", ":from": "22" }),
    }),
  );
  assert.deepEqual(
    Items!.map((item) => unmarshall(item)["sk"]),
    ["22", "23", "24"],
  );

  const conditional = new PutItemCommand({
    TableName,
    Item: marshall({ pk: "a", sk: "0" }),
    ConditionExpression: "attribute_not_exists(pk)",
  });
  await assert.rejects(client.send(conditional), { name: "ConditionalCheckFailedException" });
});

describe("BatchWriteItem takes what DynamoDB takes", () => {
  const put = (sk: string, value = "") => ({
    PutRequest: { Item: marshall({ pk: "a", sk, value }) },
  });
  const puts = (count: number, value?: string) =>
    Array.from({ length: count }, (_, index) => put(String(index), value));
  const KB = 1024;

  type Write = ReturnType<typeof put> | { DeleteRequest: { Key: Record<string, any> } };
  const refused: [what: string, requests: Write[], why: RegExp][] = [
    ["26 requests", puts(25), /less than or equal to 25|Too many items/],
    [
      "a put and a delete of one item",
      [put("0"), { DeleteRequest: { Key: marshall({ pk: "a", sk: "0" }) } }],
      /contains duplicates/,
    ],
    ["an item above 400 KB", [put("0", "x".repeat(400 * KB))], /[Ii]tem size/],
    ["an item without its key", [{ PutRequest: { Item: marshall({ pk: "a" }) } }], /key/],
  ];
  for (const [what, requests, message] of refused) {
    it(`not ${what}, and then nothing of the batch`, async (t) => {
      const { client, create } = await setUp(t);
      const { ref: TableName } = await create(onDemand);
      const RequestItems = { [TableName]: [put("good"), ...requests] };
      const refusal = { name: "ValidationException", message };
      await assert.rejects(client.send(new BatchWriteItemCommand({ RequestItems })), refusal);
      const { Items } = await client.send(
        new QueryCommand({
          TableName,
          KeyConditionExpression: "pk = :pk",
          ExpressionAttributeValues: marshall({ ":pk": "a" }),
        }),
      );
      assert.deepEqual(Items, []);
    });
  }

  it("25 items of nearly 400 KB, within 16 MB", async (t) => {
    const { client, create } = await setUp(t);
    const { ref: TableName } = await create(onDemand);
    const RequestItems = { [TableName]: puts(25, "x".repeat(399 * KB)) };
    const { UnprocessedItems } = await client.send(new BatchWriteItemCommand({ RequestItems }));
    assert.deepEqual(UnprocessedItems, {});
  });

  it("not a body above 16 MB", async (t) => {
    const { client, create } = await setUp(t);
    const { ref: TableName } = await create(onDemand);
    const RequestItems = { [TableName]: puts(25, "x".repeat(700 * KB)) };
    await assert.rejects(client.send(new BatchWriteItemCommand({ RequestItems })));
  });
});

test("makes indexes, provisioned tables, and takes what has no local meaning", async (t) => {
  const { client, create } = await setUp(t);
  const { ref: TableName } = await create({
    ...keys,
    TableName: "orders",
    AttributeDefinitions: [
      ...keys.AttributeDefinitions,
      { AttributeName: "g", AttributeType: "N" },
    ],
    ProvisionedThroughput: { ReadCapacityUnits: 1, WriteCapacityUnits: 1 },
    GlobalSecondaryIndexes: [
      {
        IndexName: "by-g",
        KeySchema: [{ AttributeName: "g", KeyType: "HASH" }],
        Projection: { ProjectionType: "ALL" },
        ContributorInsightsSpecification: { Enabled: false },
      },
    ],
    PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
    SSESpecification: { SSEEnabled: true },
    DeletionProtectionEnabled: true,
    TableClass: "STANDARD",
    Tags: [{ Key: "a", Value: "b" }],
  });
  assert.equal(TableName, "orders");
  await client.send(new PutItemCommand({ TableName, Item: marshall({ pk: "a", sk: "b", g: 7 }) }));
  const { Count } = await client.send(
    new QueryCommand({
      TableName,
      IndexName: "by-g",
      KeyConditionExpression: "g = :g",
      ExpressionAttributeValues: marshall({ ":g": 7 }),
    }),
  );
  assert.equal(Count, 1);
});

test("makes a global table of one replica", async (t) => {
  const { client, create } = await setUp(t);
  const type = "AWS::DynamoDB::GlobalTable";
  const replica = { Region: "eu-west-1", DeletionProtectionEnabled: false };
  const properties = {
    ...onDemand,
    TimeToLiveSpecification: { AttributeName: "expiresAt", Enabled: true },
  };
  const { ref: TableName } = await create({ ...properties, Replicas: [replica] }, type);
  const { Table } = await client.send(new DescribeTableCommand({ TableName }));
  assert.equal(Table?.BillingModeSummary?.BillingMode, "PAY_PER_REQUEST");
  await assert.rejects(create({ ...properties, Replicas: [replica, replica] }, type), {
    message: "AWS::DynamoDB::GlobalTable: Replicas: got 2, allowed is one",
  });
});

test("answers what the time to live is", async (t) => {
  const { client, create } = await setUp(t);
  const timeToLive = async (TableName: string) =>
    (await client.send(new DescribeTimeToLiveCommand({ TableName }))).TimeToLiveDescription;
  const TimeToLiveSpecification = { AttributeName: "expiresAt", Enabled: true };
  await create({ ...onDemand, TableName: "with", TimeToLiveSpecification });
  await create({ ...onDemand, TableName: "without" });

  assert.deepEqual(await timeToLive("with"), {
    TimeToLiveStatus: "ENABLED",
    AttributeName: "expiresAt",
  });
  assert.deepEqual(await timeToLive("without"), { TimeToLiveStatus: "DISABLED" });
  await assert.rejects(timeToLive("missing"), { name: "ResourceNotFoundException" });
});

test("names the operations that it lacks", async (t) => {
  const { client } = await setUp(t);
  const updateTimeToLive = new UpdateTimeToLiveCommand({
    TableName: "orders",
    TimeToLiveSpecification: { AttributeName: "x", Enabled: true },
  });
  await assert.rejects(client.send(updateTimeToLive), {
    name: "UnknownOperationException",
    message: /no operation UpdateTimeToLive$/,
  });
  const transaction = new TransactWriteItemsCommand({ TransactItems: [] });
  await assert.rejects(client.send(transaction), {
    name: "UnknownOperationException",
    message: /no operation TransactWriteItems$/,
  });
});

test("refuses unknown properties and tables that DynamoDB refuses", async (t) => {
  const { create } = await setUp(t);
  await assert.rejects(create({ ...onDemand, Colour: "red" }), {
    message: "AWS::DynamoDB::Table: unknown property Colour",
  });
  await assert.rejects(create({ ...onDemand, KeySchema: [] }), { message: /^CreateTable: / });
  await create({ ...onDemand, TableName: "twice" });
  await assert.rejects(create({ ...onDemand, TableName: "twice" }), {
    message: "CreateTable: com.amazonaws.dynamodb.v20120810#ResourceInUseException",
  });
});
