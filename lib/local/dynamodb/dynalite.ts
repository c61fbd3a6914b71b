import dynalite from "dynalite";
import { EventEmitter } from "node:events";
import { closeServer, listen } from "../listen.ts";
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

/** A DynamoDB in this process. */
export interface Dynalite {
  send(request: Pick<ServiceRequest, "method" | "headers" | "body">): Promise<ServiceResponse>;
  /** Ends what is under way, and then its database, where that is in a folder. */
  close(): Promise<void>;
}

/**
 * It is dynalite's HTTP server, which doesn't listen: requests are handed to its handler, and so cost
 * neither a socket nor a second parse.
 *
 * @param path where its database is, which must be closed; without one it is in memory
 */
export function openDynalite(
  ids: { readonly region: string; readonly account: string },
  path?: string,
): Dynalite {
  const server = withEnvironment(
    // Dynalite takes the ids that its ARNs have from the environment, once, when it is made.
    { AWS_REGION: ids.region, AWS_ACCOUNT_ID: ids.account },
    () => dynalite({ createTableMs: 0, deleteTableMs: 0, updateTableMs: 0, path }),
  );
  const answer: Dynalite["send"] = ({ method, headers, body }) =>
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
  const underWay = new Set<Promise<ServiceResponse>>();
  let closed = false;
  return {
    async send(request) {
      // A request to a database that is closed would end the whole process.
      if (closed) return unavailable;
      const answered = answer(request);
      underWay.add(answered);
      try {
        return await answered;
      } finally {
        underWay.delete(answered);
      }
    },
    async close() {
      closed = true;
      await Promise.all(underWay);
      // Memory needs no closing.
      if (path === undefined) return;
      // It closes its database when it stops to listen, and not without.
      await listen(server);
      await closeServer(server);
    },
  };
}

const unavailable: ServiceResponse = {
  status: 503,
  headers: { "content-type": "application/x-amz-json-1.0" },
  body: JSON.stringify({
    __type: "com.amazonaws.dynamodb.v20120810#ServiceUnavailable",
    message: "the local cloud is closing",
  }),
};

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
