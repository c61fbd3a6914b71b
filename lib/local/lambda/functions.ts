import { randomUUID } from "node:crypto";
import type { Credentials } from "../iam/index.ts";
import type { CodeStore } from "./code.ts";
import type { FunctionChange, FunctionDefinition } from "./definition.ts";
import type { Agent, EnvironmentHost } from "./environment.ts";
import type { Invocation } from "./invocation.ts";
import type { Outcome } from "./outcome.ts";
import { createPool, type Pool } from "./pool.ts";

/** A function that stands. */
export interface LocalFunction {
  readonly definition: FunctionDefinition;
  readonly modified: Date;
  readonly revisionId: string;
  /** How often an asynchronous invocation that failed is tried again. */
  maxRetries?: number;
  invoke(invocation: Invocation): Promise<Outcome | "throttled">;
  /** Shuts its idle environments down. */
  retire(): Promise<void>;
}

/** What an invocation came to, as Lambda measures it. */
export interface FinishedInvocation {
  readonly functionName: string;
  readonly outcome: Outcome | "throttled";
  /** Wall milliseconds; with a cold start, its initialization is in it. */
  readonly durationMs: number;
}

export interface FunctionsHost extends Pick<
  EnvironmentHost,
  "region" | "reaper" | "runtimeClient" | "initSeconds" | "shutdownSeconds"
> {
  /** The gateway's. */
  readonly endpoint: string;
  readonly code: CodeStore;
  /** How many environments all functions without a reservation may have in use. */
  readonly accountConcurrency: number;
  credentialsFor(roleArn: string, functionName: string): Credentials;
  /** Starts the AppConfig agent of one environment, which asks with the function's credentials. */
  startAgent(variables: Readonly<Record<string, string>>, credentials: Credentials): Promise<Agent>;
  onInvocation(invocation: FinishedInvocation): void;
  onLine(functionName: string, line: string, requestId: string | undefined): void;
}

export interface Functions {
  create(definition: FunctionDefinition): Promise<void>;
  /** By name, by ARN or by what the API takes for one, with `$LATEST` or no qualifier. */
  find(nameOrArn: string): LocalFunction | undefined;
  all(): Iterable<LocalFunction>;
  change(name: string, change: FunctionChange): void;
  close(): Promise<void>;
}

type Entry = { -readonly [key in keyof LocalFunction]: LocalFunction[key] } & { pool: Pool };

export function createFunctions(host: FunctionsHost): Functions {
  const functions = new Map<string, Entry>();

  // On AWS, what is reserved for some is taken from the others. A laptop's concurrency is too small
  // for that, so reservations come on top here.
  const unreservedInUse = () =>
    [...functions.values()]
      .filter(({ definition }) => definition.reservedConcurrency === undefined)
      .reduce((sum, { pool }) => sum + pool.inUse, 0);

  return {
    async create(definition) {
      const { name, reservedConcurrency } = definition;
      if (functions.has(name)) throw new Error(`FunctionName: there is a function ${name} already`);
      const credentials = host.credentialsFor(definition.roleArn, name);
      const pool = createPool(
        definition,
        {
          ...host,
          taskRoot: await host.code.unpack(name, definition.code),
          credentials,
          startAgent: (variables) => host.startAgent(variables, credentials),
          onLine: (line, requestId) => host.onLine(name, line, requestId),
        },
        () =>
          reservedConcurrency === undefined
            ? unreservedInUse() < host.accountConcurrency
            : pool.inUse < reservedConcurrency,
      );
      functions.set(name, {
        definition,
        pool,
        modified: new Date(),
        revisionId: randomUUID(),
        async invoke(invocation) {
          const startedAt = performance.now();
          const outcome = await pool.invoke(invocation);
          const durationMs = performance.now() - startedAt;
          host.onInvocation({ functionName: name, outcome, durationMs });
          return outcome;
        },
        retire: () => pool.retire(),
      });
    },
    find(nameOrArn) {
      const match = /^(?:(?:arn:aws:lambda:[^:]+:)?\d+:function:)?([^:]+)(?::\$LATEST)?$/.exec(
        nameOrArn,
      );
      return match === null ? undefined : functions.get(match[1]!);
    },
    all: () => functions.values(),
    change(name, change) {
      const entry = functions.get(name)!;
      entry.definition = { ...entry.definition, ...change };
      entry.modified = new Date();
      entry.revisionId = randomUUID();
      entry.pool.redefine(entry.definition);
    },
    async close() {
      await Promise.all([...functions.values()].map(({ pool }) => pool.close()));
    },
  };
}
