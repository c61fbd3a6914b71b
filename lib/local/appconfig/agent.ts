import { createServer } from "node:http";
import type { CloudClock } from "../clock.ts";
import { closeServer, listen } from "../listen.ts";
import type { ServiceRequest, ServiceResponse } from "../service.ts";
import { AgentCache, parseConfigurationPath } from "./agent-cache.ts";

const PREFIX = "AWS_APPCONFIG_EXTENSION_";
const DEFAULT_POLL_SECONDS = 45;
const DEFAULT_POLL_TIMEOUT_MS = 3_000;

export interface AppConfigAgentOptions {
  readonly appConfig: { handle(request: ServiceRequest): Promise<ServiceResponse> };
  readonly clock: CloudClock;
  /** The function's environment variables; those that begin with AWS_APPCONFIG_EXTENSION_ count. */
  readonly variables: Readonly<Record<string, string | undefined>>;
}

export interface AppConfigAgent {
  readonly port: number;
  /** An invocation begins: it polls, in the background, what has not been polled for an interval. */
  invoked(): void;
  close(): Promise<void>;
}

/**
 * The AppConfig agent of one execution environment: the part of AWS's Lambda extension that answers
 * `GET /applications/A/environments/E/configurations/P` on localhost. It has no timer: an
 * environment that is not invoked does not poll. What it reads from AppConfig goes through the
 * service's front door, so an outage there is one here too.
 *
 * Listens on a free port of 127.0.0.1: whoever starts the function tells it which. Prefetching is
 * done when the promise resolves, and never makes it reject.
 *
 * @throws RangeError for an interval or a timeout that is not a positive number
 */
export async function startAppConfigAgent(options: AppConfigAgentOptions): Promise<AppConfigAgent> {
  const { appConfig, clock, variables } = options;
  const numberOf = (name: string, byDefault: number): number => {
    const value = variables[PREFIX + name];
    if (value === undefined || value === "") return byDefault;
    const number = Number(value);
    if (number > 0 && Number.isFinite(number)) return number;
    throw new RangeError(`${PREFIX}${name}: got ${value}, allowed is a number above 0`);
  };
  const cache = new AgentCache({
    send: (request) => appConfig.handle(request),
    clock,
    pollSeconds: numberOf("POLL_INTERVAL_SECONDS", DEFAULT_POLL_SECONDS),
    timeoutMs: numberOf("POLL_TIMEOUT_MILLIS", DEFAULT_POLL_TIMEOUT_MS),
  });
  const prefetch = (variables[`${PREFIX}PREFETCH_LIST`] ?? "")
    .split(",")
    .map((path) => path.trim())
    .filter((path) => path !== "")
    .map(parseConfigurationPath)
    .filter((id) => id !== undefined);
  await Promise.all(prefetch.map((id) => cache.read(id)));

  const server = createServer((request, response) => {
    const send = ({ status, headers, body }: ServiceResponse) => {
      response.writeHead(status, headers);
      response.end(body);
    };
    const url = new URL(request.url ?? "/", "http://localhost");
    const id = request.method === "GET" ? parseConfigurationPath(url.pathname) : undefined;
    if (id === undefined || url.search !== "") {
      // The flags of a feature flag profile (?flag=) are the one query AWS's agent knows.
      send({ status: 400, body: `Bad request: ${request.method} ${request.url}` });
      return;
    }
    void cache.read(id).then(send);
  });
  return {
    port: await listen(server),
    invoked: () => cache.pollDue(),
    async close() {
      cache.close();
      await closeServer(server);
    },
  };
}
