import { InvokeCommand, type LambdaClient } from "@aws-sdk/client-lambda";
import { expectedAnswers } from "./data.ts";

/** What the callers saw since the traffic began, or since a phase did. */
export interface TrafficCount {
  requests: number;
  /** Callers that got an error, or an answer that isn't right. */
  failed: number;
  /** Milliseconds, one a request. */
  latencies: number[];
}

/** Callers in flight beyond which no new one starts: a machine that is too slow gets fewer requests. */
const MAX_IN_FLIGHT = 8;

/** Steady requests of several merchants, who all know what answer they must get. */
export class Traffic {
  readonly #client: LambdaClient;
  readonly #functionName: string;
  readonly #merchants = [...expectedAnswers.keys()];
  readonly #inFlight = new Set<Promise<void>>();
  readonly #requestsPerSecond: number;
  #timer: NodeJS.Timeout | undefined;
  #next = 0;
  #phase: TrafficCount = { requests: 0, failed: 0, latencies: [] };
  readonly total: TrafficCount = { requests: 0, failed: 0, latencies: [] };
  /** The first few failures, for the report. */
  readonly failures: string[] = [];

  constructor(client: LambdaClient, functionName: string, requestsPerSecond: number) {
    this.#client = client;
    this.#functionName = functionName;
    this.#requestsPerSecond = requestsPerSecond;
  }

  start(): void {
    this.#timer = setInterval(() => {
      if (this.#inFlight.size >= MAX_IN_FLIGHT) return;
      const request: Promise<void> = this.#request().finally(() => this.#inFlight.delete(request));
      this.#inFlight.add(request);
    }, 1_000 / this.#requestsPerSecond);
  }

  /** Begins a new phase; returns what was counted in the one before. */
  nextPhase(): TrafficCount {
    const ended = this.#phase;
    this.#phase = { requests: 0, failed: 0, latencies: [] };
    return ended;
  }

  /** Ends the traffic, when the last caller has its answer. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#inFlight);
  }

  async #request(): Promise<void> {
    const merchant = this.#merchants[this.#next++ % this.#merchants.length]!;
    const startedAt = performance.now();
    const problem = await this.#problem(merchant);
    const ms = performance.now() - startedAt;
    for (const count of [this.#phase, this.total]) {
      count.requests++;
      count.latencies.push(ms);
      if (problem !== undefined) count.failed++;
    }
    if (problem !== undefined && this.failures.length < 5) {
      this.failures.push(`${merchant}: ${problem}`);
    }
  }

  /** Makes one request; what was wrong with the answer, if anything. */
  async #problem(merchant: string): Promise<string | undefined> {
    try {
      const { FunctionError, Payload } = await this.#client.send(
        new InvokeCommand({
          FunctionName: this.#functionName,
          Payload: JSON.stringify({ merchantId: merchant }),
        }),
      );
      const text = Payload?.transformToString() ?? "";
      if (FunctionError !== undefined) return `${FunctionError}: ${text}`;
      const { customerIds } = JSON.parse(text) as { customerIds: string[] };
      const right = expectedAnswers.get(merchant)!;
      return customerIds.toSorted().join() === right.join() ? undefined : `wrong answer ${text}`;
    } catch (error) {
      return String(error);
    }
  }
}

/** The `share` quantile of a list, by the nearest-rank method; 0 for an empty one. */
export function quantile(values: readonly number[], share: number): number {
  if (values.length === 0) return 0;
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]!;
}
