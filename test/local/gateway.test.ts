import { CloudWatchClient, DescribeAlarmsCommand } from "@aws-sdk/client-cloudwatch";
import { DynamoDBClient, ListTablesCommand } from "@aws-sdk/client-dynamodb";
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { gzipSync } from "node:zlib";
import { openGateway } from "../../lib/local/gateway.ts";
import type { Service, ServiceRequest, ServiceResponse } from "../../lib/local/service.ts";

const credentials = { accessKeyId: "AKIDLOCAL", secretAccessKey: "secret" };

async function setUp(t: TestContext, answer: (request: ServiceRequest) => ServiceResponse) {
  const seen: ServiceRequest[] = [];
  const service: Service = {
    signingName: "dynamodb",
    resources: {},
    accesses: () => [{ action: "dynamodb:ListTables", resource: "*" }],
    refuse: ({ type, message }) => ({
      status: 400,
      body: JSON.stringify({ __type: type, message }),
    }),
    async handle(request) {
      seen.push(request);
      return answer(request);
    },
    async close() {},
  };
  const gateway = await openGateway();
  t.after(() => gateway.close());
  gateway.serve(service);
  const { endpoint } = gateway;
  const dynamoDb = new DynamoDBClient({
    endpoint,
    region: "us-east-1",
    credentials,
    maxAttempts: 1,
  });
  t.after(() => dynamoDb.destroy());
  const listTables = () => dynamoDb.send(new ListTablesCommand());
  return { gateway, endpoint, seen, listTables };
}
const tables = (...TableNames: string[]) => ({ status: 200, body: JSON.stringify({ TableNames }) });
const signed = {
  authorization: "AWS4-HMAC-SHA256 Credential=AK/20260101/us-east-1/dynamodb/aws4_request, x=y",
};

test("routes by the credential scope", async (t) => {
  const { seen, listTables } = await setUp(t, () => tables("orders"));
  assert.deepEqual((await listTables()).TableNames, ["orders"]);
  assert.equal(seen[0]!.headers["x-amz-target"], "DynamoDB_20120810.ListTables");
});

test("hands over method, path, query and body, unzipped", async (t) => {
  const { endpoint, seen } = await setUp(t, () => ({ status: 201 }));
  const response = await fetch(`${endpoint}/a%20b/c?x=1&y=2?3`, {
    method: "PUT",
    headers: { ...signed, "content-encoding": "gzip" },
    body: gzipSync("hello"),
  });
  assert.equal(response.status, 201);
  const { method, path, query, body } = seen[0]!;
  assert.deepEqual(
    { method, path, query: [...query], body: body.toString() },
    {
      method: "PUT",
      path: "/a%20b/c",
      query: [
        ["x", "1"],
        ["y", "2?3"],
      ],
      body: "hello",
    },
  );
});

test("names a service that it doesn't have", async (t) => {
  const { endpoint } = await setUp(t, () => tables());
  const client = new CloudWatchClient({ endpoint, region: "us-east-1", credentials });
  t.after(() => client.destroy());
  await assert.rejects(client.send(new DescribeAlarmsCommand()), {
    name: "UnknownServiceException",
    message: "the local cloud has no service monitoring; it has dynamodb",
  });
});

test("answers 403 without a signature, and 400 or 413 for a body that can't be read", async (t) => {
  const { endpoint, seen } = await setUp(t, () => tables());
  const unsigned = await fetch(`${endpoint}/x`);
  assert.equal(unsigned.status, 403);
  assert.match(await unsigned.text(), /MissingAuthenticationTokenException.*GET \/x/);

  const headers = { ...signed, "content-encoding": "gzip" };
  const notGzip = await fetch(endpoint, { method: "POST", headers, body: "plain" });
  assert.equal(notGzip.status, 400);

  const bomb = gzipSync(Buffer.alloc(33 * 1024 * 1024));
  const tooLarge = await fetch(endpoint, { method: "POST", headers, body: bomb });
  assert.equal(tooLarge.status, 413);
  const body = Buffer.alloc(33 * 1024 * 1024);
  assert.equal((await fetch(endpoint, { method: "POST", headers: signed, body })).status, 413);
  assert.equal(seen.length, 0);
});

test("answers 500 for what a service throws, and notes it", async (t) => {
  const { listTables } = await setUp(t, () => {
    throw new Error("a bug");
  });
  const noted = t.mock.method(console, "error", () => {});
  await assert.rejects(listTables(), { name: "InternalFailure", message: "a bug" });
  assert.equal(noted.mock.callCount(), 1);
});

test("injects faults until they are removed, the earliest first", async (t) => {
  const { gateway, listTables, seen } = await setUp(t, () => tables("real"));
  const removeFirst = gateway.inject({
    service: "dynamodb",
    when: ({ headers }) => String(headers["x-amz-target"]).endsWith("ListTables"),
    respond: () => tables("first"),
  });
  const removeSecond = gateway.inject({ service: "dynamodb", respond: () => tables("second") });
  gateway.inject({ service: "lambda", respond: () => tables("another service") });
  gateway.inject({ service: "dynamodb", when: () => false, respond: () => tables("never") });

  assert.deepEqual((await listTables()).TableNames, ["first"]);
  removeFirst();
  assert.deepEqual((await listTables()).TableNames, ["second"]);
  removeSecond();
  assert.equal(seen.length, 0);
  assert.deepEqual((await listTables()).TableNames, ["real"]);
});

test("hangs until the client gives up or the gateway closes", async (t) => {
  const { gateway, endpoint } = await setUp(t, () => tables());
  const asked = Promise.withResolvers<void>();
  gateway.inject({
    service: "dynamodb",
    respond() {
      asked.resolve();
      return "hang";
    },
  });
  const request = fetch(endpoint, { method: "POST", headers: signed });
  await asked.promise;
  await Promise.all([assert.rejects(request), gateway.close()]);
});

test("each answer tells the cloud's time, refusals too", async (t) => {
  const gateway = await openGateway({ now: () => Date.UTC(2026, 0, 1, 10) });
  t.after(() => gateway.close());
  const { headers } = await fetch(gateway.endpoint);
  assert.equal(headers.get("date"), "Thu, 01 Jan 2026 10:00:00 GMT");
});
