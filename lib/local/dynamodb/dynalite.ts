import dynalite from "dynalite";
import { EventEmitter } from "node:events";
import type { ServiceRequest, ServiceResponse } from "../service.ts";

/** The operations that dynalite 4 has. */
export const dynaliteOperations: ReadonlySet<string> = new Set([
  "CreateTable",
  "DeleteTable",
  "DescribeTable",
  "ListTables",
  "UpdateTable",
  "GetItem",
  "PutItem",
  "UpdateItem",
  "DeleteItem",
  "BatchGetItem",
  "BatchWriteItem",
  "Query",
  "Scan",
  "DescribeTimeToLive",
  "TagResource",
  "UntagResource",
  "ListTagsOfResource",
]);

/**
 * A DynamoDB in this process's memory. It is dynalite's HTTP server, which never listens: requests
 * are handed to its handler, and so cost neither a socket nor a second parse.
 */
export function openDynalite(ids: {
  region: string;
  account: string;
}): (request: Pick<ServiceRequest, "method" | "headers" | "body">) => Promise<ServiceResponse> {
  const server = withEnvironment(
    // Dynalite takes the ids that its ARNs have from the environment, once, when it is made.
    { AWS_REGION: ids.region, AWS_ACCOUNT_ID: ids.account },
    () => dynalite({ createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 }),
  );
  return ({ method, headers, body }) =>
    new Promise((resolve) => {
      const incoming = Object.assign(new EventEmitter(), { method, headers, url: "/" });
      const answered: Record<string, string> = {};
      const outgoing = {
        statusCode: 200,
        setHeader: (name: string, value: unknown) => {
          answered[name.toLowerCase()] = String(value);
        },
        end(content = "") {
          resolve({ status: outgoing.statusCode, headers: answered, body: content });
        },
      };
      server.emit("request", incoming, outgoing);
      incoming.emit("data", body);
      incoming.emit("end");
    });
}

/** Runs a synchronous task with these environment variables, and puts back what was. */
function withEnvironment<T>(variables: Readonly<Record<string, string>>, task: () => T): T {
  const before = Object.keys(variables).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, variables);
  try {
    return task();
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  }
}
