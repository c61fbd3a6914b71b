import { setImmediate } from "node:timers/promises";
import { refuseInAwsJson } from "../refuse.ts";
import type { ResourceMaker, Service, ServiceResponse } from "../service.ts";
import { dynamoDbAccesses } from "./access.ts";
import { dynaliteOperations, openDynalite } from "./dynalite.ts";
import { globalTableDefinition, tableDefinition, type TableDefinition } from "./table.ts";

/**
 * DynamoDB. Items past their time to live stay, as they may for days on AWS: a reader that doesn't
 * filter them out is wrong there and here.
 */
export function createDynamoDb(ids: { region: string; account: string }): Service {
  const forward = openDynalite(ids);
  const timeToLive = new Map<string, string>();

  /** An operation of our own on dynalite. */
  const call = async (operation: string, input: unknown): Promise<Record<string, any>> => {
    const { status, body } = await forward({
      method: "POST",
      headers: {
        "content-type": "application/x-amz-json-1.0",
        "x-amz-target": `DynamoDB_20120810.${operation}`,
        // It wants a signature, though it verifies none.
        authorization: "AWS4-HMAC-SHA256 Credential=local, SignedHeaders=host, Signature=local",
        "x-amz-date": "20260101T000000Z",
      },
      body: Buffer.from(JSON.stringify(input)),
    });
    const output = JSON.parse(String(body)) as Record<string, any>;
    if (status !== 200) {
      throw new Error(`${operation}: ${output["message"] || output["__type"]}`);
    }
    return output;
  };

  const create = async ({ name, input, timeToLiveAttribute }: TableDefinition) => {
    await call("CreateTable", input);
    if (timeToLiveAttribute !== undefined) timeToLive.set(name, timeToLiveAttribute);
    const describe = async () => (await call("DescribeTable", { TableName: name }))["Table"];
    let table = await describe();
    // It takes a turn or two of the event loop.
    while (table.TableStatus !== "ACTIVE") {
      await setImmediate();
      table = await describe();
    }
    return { ref: name, attributes: { Arn: table.TableArn, TableId: table.TableId } };
  };
  const table: ResourceMaker = (properties, site) => create(tableDefinition(properties, site));
  const globalTable: ResourceMaker = (properties, site) =>
    create(globalTableDefinition(properties, site));

  return {
    signingName: "dynamodb",
    resources: { "AWS::DynamoDB::Table": table, "AWS::DynamoDB::GlobalTable": globalTable },
    accesses: (request) => dynamoDbAccesses(request, ids),
    refuse: refuseInAwsJson,
    async handle(request) {
      const operation = String(request.headers["x-amz-target"]).split(".")[1] ?? "";
      if (!dynaliteOperations.has(operation)) return unknownOperation(operation);
      if (operation === "DescribeTimeToLive") {
        const AttributeName = timeToLive.get(tableNameIn(request.body));
        if (AttributeName !== undefined) {
          const TimeToLiveDescription = { TimeToLiveStatus: "ENABLED", AttributeName };
          return json(200, { TimeToLiveDescription });
        }
      }
      if (operation === "DeleteTable") timeToLive.delete(tableNameIn(request.body));
      return forward(request);
    },
    // Its memory goes with the process's last reference to it.
    async close() {},
  };
}

function tableNameIn(body: Buffer): string {
  try {
    return String((JSON.parse(body.toString()) as { TableName?: unknown }).TableName);
  } catch {
    // Dynalite says what is wrong with it.
    return "";
  }
}

function unknownOperation(operation: string): ServiceResponse {
  return json(400, {
    __type: "com.amazon.coral.service#UnknownOperationException",
    message: `the local cloud's DynamoDB (dynalite) has no operation ${operation}`,
  });
}

function json(status: number, content: unknown): ServiceResponse {
  const headers = { "content-type": "application/x-amz-json-1.0" };
  return { status, headers, body: JSON.stringify(content) };
}
