import { EventEmitter, once } from "node:events";
import type { FunctionDefinition } from "./definition.ts";
import { openEnvironment, type Environment, type EnvironmentHost } from "./environment.ts";
import type { Invocation } from "./invocation.ts";
import type { Outcome } from "./outcome.ts";

/** The execution environments of one function. */
export interface Pool {
  /** How many environments have an invocation that isn't over. */
  readonly inUse: number;
  /**
   * Runs an invocation in an idle environment, else in a new one.
   *
   * @returns `"throttled"` where the concurrency is used up
   */
  invoke(invocation: Invocation): Promise<Outcome | "throttled">;
  /** Starts every later invocation with this definition, in environments of its own. */
  redefine(definition: FunctionDefinition): void;
  /** Shuts down the environments that are idle, or will be in a moment, as Lambda does after a while. */
  retire(): Promise<void>;
  close(): Promise<void>;
}

/**
 * How long an invocation waits for an environment whose response is out already, before a new one
 * is started. A process has only to ask for its next invocation by then, which takes it a few
 * milliseconds, and more on a busy machine; without the wait, whoever invokes a function time after
 * time would get a new environment by chance. For one that an extension holds it waits only where
 * the concurrency leaves no other way.
 */
const FINISHING_GRACE_MS = 1000;

/** @param mayUseAnother whether the concurrency leaves room for one more environment in use */
export function createPool(
  initial: FunctionDefinition,
  host: EnvironmentHost,
  mayUseAnother: () => boolean,
): Pool {
  let definition = initial;
  let closed = false;
  let current = new Set<Environment>();
  // Those of an earlier definition, which go when they have nothing to do.
  const outdated = new Set<Environment>();
  const changes = new EventEmitter().setMaxListeners(0);

  const inState = (state: Environment["state"]) =>
    [...current].find((environment) => environment.state === state);
  const all = () => [...current, ...outdated];

  const open = (): Environment => {
    const environment = openEnvironment(definition, host, () => {
      if (environment.state === "dead") {
        current.delete(environment);
        outdated.delete(environment);
      } else if (environment.state === "idle" && outdated.has(environment)) {
        void environment.shutDown();
      }
      changes.emit("change");
    });
    current.add(environment);
    return environment;
  };

  const isWorthWaiting = () =>
    inState("idle") === undefined &&
    (inState("finishing") !== undefined || (inState("held") !== undefined && !mayUseAnother()));

  const changesWithin = async (signal: AbortSignal): Promise<boolean> => {
    try {
      await once(changes, "change", { signal });
      return true;
    } catch {
      return false;
    }
  };

  return {
    get inUse() {
      return all().filter(({ state }) => ["busy", "finishing", "held"].includes(state)).length;
    },
    async invoke(invocation) {
      if (isWorthWaiting()) {
        const signal = AbortSignal.timeout(FINISHING_GRACE_MS);
        // Nothing may come between the last look and what it leads to: many wait for one change.
        for (let patient = true; patient && isWorthWaiting();)
          patient = await changesWithin(signal);
      }
      if (closed) throw new Error(`${definition.name}: the local cloud is closing`);
      if (!mayUseAnother()) return "throttled";
      return (inState("idle") ?? open()).run(invocation);
    },
    redefine(next) {
      definition = next;
      for (const environment of current) {
        outdated.add(environment);
        if (environment.state === "idle") void environment.shutDown();
      }
      current = new Set();
    },
    async retire() {
      const signal = AbortSignal.timeout(FINISHING_GRACE_MS);
      for (let patient = true; patient && inState("finishing") !== undefined;)
        patient = await changesWithin(signal);
      const idle = all().filter(({ state }) => state === "idle");
      await Promise.all(idle.map((environment) => environment.shutDown()));
    },
    async close() {
      closed = true;
      await Promise.all(all().map((environment) => environment.shutDown()));
    },
  };
}
