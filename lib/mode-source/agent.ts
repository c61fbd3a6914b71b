import type { IncomingMessage } from "node:http";
import type { FunctionEnvironment } from "../function-environment.ts";
import { get } from "../node-http.ts";
import type { DocumentReader, ServedDocument } from "./last-good.ts";

/** The port of the AppConfig agent, unless `AWS_APPCONFIG_EXTENSION_HTTP_PORT` says otherwise. */
export const DEFAULT_AGENT_PORT = 2772;

// The agent answers from its own memory, so asking it again costs a millisecond and no money.
const MAX_AGE_MS = 1_000;

/** Reads from the AppConfig agent, the Lambda extension that polls AppConfig beside the function. */
export function agentReader(environment: FunctionEnvironment): DocumentReader {
  const path =
    `/applications/${encodeURIComponent(environment.application)}` +
    `/environments/${encodeURIComponent(environment.environment)}` +
    `/configurations/${encodeURIComponent(environment.profile)}`;
  return {
    maxAgeMs: MAX_AGE_MS,
    async read(signal) {
      const port = Number(process.env.AWS_APPCONFIG_EXTENSION_HTTP_PORT ?? DEFAULT_AGENT_PORT);
      // `node:http` and not `fetch`, whose first use costs a cold start some 20 ms.
      const response = await new Promise<IncomingMessage>((resolve, reject) => {
        // A connection of its own each time: a kept one may have died while the function was frozen.
        const options = { host: "localhost", port, path, signal, agent: false };
        get(options, resolve).on("error", reject);
      });
      return served(response);
    },
  };
}

async function served(response: IncomingMessage): Promise<ServedDocument> {
  const text = Buffer.concat(await response.toArray()).toString("utf8");
  if (response.statusCode !== 200) {
    throw new Error(`the AppConfig agent answered ${response.statusCode}: ${text.slice(0, 200)}`);
  }
  const version = response.headers["configuration-version"];
  return { text, ...(typeof version === "string" && version !== "" && { version }) };
}
