import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { ClassicLevel } from "classic-level";
import { createDynamoDb } from "../../../lib/local/dynamodb/index.ts";
import { mendTables } from "../../../lib/local/dynamodb/mend.ts";

const ids = { region: "us-east-1", account: "123456789012" };
const properties = (TableName: string) => ({
  TableName,
  BillingMode: "PAY_PER_REQUEST",
  KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
  AttributeDefinitions: [
    { AttributeName: "id", AttributeType: "S" },
    { AttributeName: "owner", AttributeType: "S" },
  ],
  GlobalSecondaryIndexes: [
    {
      IndexName: "byOwner",
      KeySchema: [{ AttributeName: "owner", KeyType: "HASH" }],
      Projection: { ProjectionType: "ALL" },
    },
  ],
});

async function open(path: string) {
  const service = createDynamoDb(ids, path);
  const send = async (operation: string, input: object) => {
    const { body } = await service.handle({
      method: "POST",
      path: "/",
      query: new URLSearchParams(),
      headers: {
        "content-type": "application/x-amz-json-1.0",
        "x-amz-target": `DynamoDB_20120810.${operation}`,
        authorization: "AWS4-HMAC-SHA256 Credential=local, SignedHeaders=host, Signature=local",
        "x-amz-date": "20260101T000000Z",
      },
      body: Buffer.from(JSON.stringify(input)),
    });
    return JSON.parse(String(body));
  };
  const stand = async (name: string) =>
    service.resources["AWS::DynamoDB::Table"]!(properties(name), {
      ...ids,
      stackName: "S",
      logicalId: name,
    });
  return { send, stand, close: () => service.close() };
}

function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "segue-tables-"));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

const item = { id: { S: "i-1" }, owner: { S: "o-1" } };
const isThere = async ({ send }: Awaited<ReturnType<typeof open>>, TableName: string) =>
  (await send("GetItem", { TableName, Key: { id: item.id } })).Item !== undefined;
const ofOwner = (TableName: string) => ({
  TableName,
  IndexName: "byOwner",
  KeyConditionExpression: "#owner = :owner",
  ExpressionAttributeNames: { "#owner": "owner" },
  ExpressionAttributeValues: { ":owner": item.owner },
});

test("brings tables to rest that were on their way when the process was killed", async (t) => {
  const folder = temporaryFolder(t);
  const path = join(folder, "dynamodb");
  const names = ["Standing", "CREATING", "UPDATING", "DELETING", "DELETING-longer"];
  const first = await open(path);
  for (const name of names) {
    await first.stand(name);
    await first.send("PutItem", { TableName: name, Item: item });
  }
  await first.close();
  const database = new ClassicLevel<string, any>(path, { valueEncoding: "json" });
  for (const name of ["CREATING", "UPDATING", "DELETING"]) {
    const table = await database.get(`table~${name}`);
    for (const index of table.GlobalSecondaryIndexes) index.IndexStatus = name;
    if (name === "DELETING") delete table.GlobalSecondaryIndexes;
    await database.put(`table~${name}`, { ...table, TableStatus: name });
  }
  await database.close();

  await mendTables(path, folder);
  const second = await open(path);
  t.after(() => second.close());
  const { TableNames } = await second.send("ListTables", {});
  assert.deepEqual(TableNames, ["CREATING", "DELETING-longer", "Standing", "UPDATING"]);
  for (const name of TableNames) {
    await second.stand(name);
    assert.ok(await isThere(second, name), name);
  }
  await second.stand("DELETING");
  assert.ok(!(await isThere(second, "DELETING")));
  assert.equal((await second.send("Query", ofOwner("DELETING"))).Count, 0);
  assert.equal((await second.send("Query", ofOwner("CREATING"))).Count, 1);
});

test("says that tables can't be read", async (t) => {
  const folder = temporaryFolder(t);
  const path = join(folder, "dynamodb");
  await (await open(path)).close();
  await mendTables(path, folder);
  writeFileSync(join(path, "CURRENT"), "garbage");
  await assert.rejects(
    mendTables(path, folder),
    /: this state can't be read, use another folder \(/,
  );
});
