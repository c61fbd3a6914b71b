import { setImmediate } from "node:timers/promises";
import { refuseInAwsJson } from "../refuse.ts";
import type { KeptKind, ResourceMaker, Service, ServiceResponse } from "../service.ts";
import { dynamoDbAccesses } from "./access.ts";
import { dynaliteOperations, openDynalite } from "./dynalite.ts";
import {
  changedPart,
  globalTableDefinition,
  tableDefinition,
  type TableDefinition,
} from "./table.ts";

/**
 * DynamoDB. Items past their time to live stay, as they may for days on AWS: a reader that doesn't
 * filter them out is wrong there and here.
 *
 * @param path where the tables are kept. @default in memory
 */
export function createDynamoDb(
  ids: { readonly region: string; readonly account: string },
  path?: string,
): Service {
  const dynalite = openDynalite(ids, path);
  const stood = new Set<string>();
  const timeToLive = new Map<string, string>();

  /** An operation of our own on dynalite. */
  const attempt = async (operation: string, input: unknown) => {
    const { status, body } = await dynalite.send({
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
    return { status, output: JSON.parse(String(body)) as Record<string, any> };
  };
  const call = async (operation: string, input: unknown) => {
    const { status, output } = await attempt(operation, input);
    if (status === 200) return output;
    throw new Error(`${operation}: ${output["message"] || output["__type"]}`);
  };
  const describe = async (TableName: string): Promise<Record<string, any> | undefined> => {
    const { status, output } = await attempt("DescribeTable", { TableName });
    return status === 200 ? output["Table"] : undefined;
  };

  const remove = async (TableName: string) => {
    await call("DeleteTable", { TableName });
    while ((await describe(TableName)) !== undefined) await setImmediate();
  };

  /** Whether a table is there that was kept. One that is another by now makes room if it is empty. */
  const isKept = async (definition: TableDefinition): Promise<boolean> => {
    const { name } = definition;
    const kept = await describe(name);
    const changed = kept && changedPart(kept, definition);
    if (changed === undefined) return kept !== undefined;
    const { Count } = await call("Scan", { TableName: name, Limit: 1 });
    if (Count > 0) {
      throw new Error(
        `${changed}: has changed, and the kept table has items: use another folder for the state`,
      );
    }
    await remove(name);
    return false;
  };

  const stand = async (definition: TableDefinition) => {
    const { name, input, timeToLiveAttribute } = definition;
    // Two of one name in the templates are an error, which DynamoDB itself tells.
    if (stood.has(name) || !(await isKept(definition))) await call("CreateTable", input);
    stood.add(name);
    if (timeToLiveAttribute !== undefined) timeToLive.set(name, timeToLiveAttribute);
    let table = await describe(name);
    // It takes a turn or two of the event loop.
    while (table?.["TableStatus"] !== "ACTIVE") {
      await setImmediate();
      table = await describe(name);
    }
    return { ref: name, attributes: { Arn: table["TableArn"], TableId: table["TableId"] } };
  };
  const table: ResourceMaker = (properties, site) => stand(tableDefinition(properties, site));
  const globalTable: ResourceMaker = (properties, site) =>
    stand(globalTableDefinition(properties, site));
  const kept: KeptKind = {
    remove:
      ({ created: { ref } }) =>
      async () => {
        if ((await describe(ref)) !== undefined) await remove(ref);
      },
  };

  return {
    signingName: "dynamodb",
    resources: { "AWS::DynamoDB::Table": table, "AWS::DynamoDB::GlobalTable": globalTable },
    keptKinds: { "AWS::DynamoDB::Table": kept, "AWS::DynamoDB::GlobalTable": kept },
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
      return dynalite.send(request);
    },
    close: () => dynalite.close(),
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
