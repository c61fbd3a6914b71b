import type { CloudClock } from "../clock.ts";
import type { ServiceRequest, ServiceResponse } from "../service.ts";

export interface ConfigurationId {
  readonly application: string;
  readonly environment: string;
  readonly profile: string;
}

/** `/applications/A/environments/E/configurations/P`, each of the three percent-encoded. */
export function parseConfigurationPath(path: string): ConfigurationId | undefined {
  const match = /^\/?applications\/([^/]+)\/environments\/([^/]+)\/configurations\/([^/]+)$/.exec(
    path,
  );
  if (match === null) return undefined;
  try {
    const [application, environment, profile] = match.slice(1).map(decodeURIComponent);
    return { application: application!, environment: environment!, profile: profile! };
  } catch {
    return undefined;
  }
}

/** One configuration: a session of the data plane, and the document it read last. */
interface Entry {
  readonly id: ConfigurationId;
  token: string | undefined;
  document: ServiceResponse | undefined;
  lastPollAt: number;
  /** At most one poll at a time. Settles to the error that it ended in. */
  poll: Promise<ServiceResponse | undefined> | undefined;
}

/** What the agent has read, and how it reads: first on demand, then when a poll is due. */
export class AgentCache {
  readonly #appConfig: (request: ServiceRequest) => Promise<ServiceResponse>;
  readonly #clock: CloudClock;
  readonly #pollSeconds: number;
  readonly #timeoutMs: number;
  readonly #entries = new Map<string, Entry>();
  readonly #timeouts = new Set<() => void>();

  constructor(options: {
    send(request: ServiceRequest): Promise<ServiceResponse>;
    clock: CloudClock;
    /** Seconds from poll to poll. */
    pollSeconds: number;
    /** How long one request to AppConfig may take, in milliseconds of the cloud. */
    timeoutMs: number;
  }) {
    this.#appConfig = (request) => options.send(request);
    this.#clock = options.clock;
    this.#pollSeconds = options.pollSeconds;
    this.#timeoutMs = options.timeoutMs;
  }

  /** Cancels what timers there are: a request that hangs stays without an answer. */
  close(): void {
    for (const cancel of this.#timeouts) cancel();
  }

  /** The cached document at once, else what AppConfig says. Never rejects. */
  async read(id: ConfigurationId): Promise<ServiceResponse> {
    const key = JSON.stringify([id.application, id.environment, id.profile]);
    let entry = this.#entries.get(key);
    if (entry === undefined) {
      entry = { id, token: undefined, document: undefined, lastPollAt: 0, poll: undefined };
      this.#entries.set(key, entry);
    }
    if (entry.document !== undefined) return entry.document;
    const error = await this.#poll(entry);
    return entry.document ?? error!;
  }

  /** Polls, in the background, each document that was polled an interval ago or more. */
  pollDue(): void {
    const now = this.#clock.now();
    for (const entry of this.#entries.values()) {
      if (entry.document !== undefined && now - entry.lastPollAt >= this.#pollSeconds * 1_000) {
        void this.#poll(entry);
      }
    }
  }

  #poll(entry: Entry): Promise<ServiceResponse | undefined> {
    entry.poll ??= this.#fetch(entry).finally(() => {
      entry.poll = undefined;
    });
    return entry.poll;
  }

  /** A failure leaves the document as it is, and is tried again an interval later. */
  async #fetch(entry: Entry): Promise<ServiceResponse | undefined> {
    entry.lastPollAt = this.#clock.now();
    try {
      const hadSession = entry.token !== undefined;
      let answer = await this.#latest(entry);
      // A session ends 24 hours after its last poll: an environment that idled longer opens another.
      if (hadSession && answer.status === 400) answer = await this.#latest(entry);
      if (answer.status !== 200) return agentError(answer);
      const body = Buffer.from(answer.body ?? "");
      const version = answer.headers?.["configuration-version"];
      // Neither: nothing has changed since the last poll.
      if (version !== undefined || body.byteLength > 0) {
        const label = answer.headers?.["version-label"];
        entry.document = {
          status: 200,
          headers: {
            "content-type": answer.headers?.["content-type"] ?? "application/octet-stream",
            ...(version && { "configuration-version": version }),
            ...(label && { "version-label": label }),
          },
          body,
        };
      }
      return undefined;
    } catch (error) {
      return { status: 500, body: `AppConfig could not be reached: ${String(error)}` };
    }
  }

  /** AppConfig's answer, or a 504 in its stead: a hanging AppConfig does not hang the agent. */
  #send(request: ServiceRequest): Promise<ServiceResponse> {
    const { promise, resolve, reject } = Promise.withResolvers<ServiceResponse>();
    const cancel = this.#clock.schedule(this.#timeoutMs, () => {
      this.#timeouts.delete(cancel);
      resolve({ status: 504, body: `AppConfig did not answer within ${this.#timeoutMs} ms` });
    });
    this.#timeouts.add(cancel);
    this.#appConfig(request)
      .finally(() => {
        cancel();
        this.#timeouts.delete(cancel);
      })
      .then(resolve, reject);
    return promise;
  }

  /** The data plane's answer to one poll, in the entry's session or a new one. */
  async #latest(entry: Entry): Promise<ServiceResponse> {
    if (entry.token === undefined) {
      const session = await this.#send(startSession(entry.id, this.#pollSeconds));
      if (session.status !== 201) return session;
      const answer = JSON.parse(Buffer.from(session.body ?? "").toString("utf8"));
      entry.token = answer.InitialConfigurationToken;
    }
    const query = new URLSearchParams({ configuration_token: entry.token! });
    const answer = await this.#send({
      method: "GET",
      path: "/configuration",
      query,
      headers: {},
      body: Buffer.alloc(0),
    });
    if (answer.status === 200) entry.token = answer.headers?.["next-poll-configuration-token"];
    else if (answer.status < 500 && answer.status !== 429) entry.token = undefined;
    return answer;
  }
}

function startSession(id: ConfigurationId, pollSeconds: number): ServiceRequest {
  const body = {
    ApplicationIdentifier: id.application,
    EnvironmentIdentifier: id.environment,
    ConfigurationProfileIdentifier: id.profile,
    // The data plane's limits. An agent told to poll faster just does.
    ...(pollSeconds >= 15 &&
      pollSeconds <= 86_400 && {
        RequiredMinimumPollIntervalInSeconds: Math.floor(pollSeconds),
      }),
  };
  return {
    method: "POST",
    path: "/configurationsessions",
    query: new URLSearchParams(),
    headers: { "content-type": "application/json" },
    body: Buffer.from(JSON.stringify(body)),
  };
}

/** 400, 404 and 504 pass through; for a function, all else that AppConfig can say is a 500. */
function agentError(answer: ServiceResponse): ServiceResponse {
  const status = [400, 404, 504].includes(answer.status) ? answer.status : 500;
  return { status, headers: { "content-type": "application/json" }, body: answer.body ?? "" };
}
