import { EventEmitter, once } from "node:events";
import type { FunctionDefinition } from "./definition.ts";
import { openEnvironment, type Environment, type EnvironmentHost } from "./environment.ts";
import type { Invocation } from "./invocation.ts";
import type { Outcome } from "./outcome.ts";

/** The execution environments of one function. */
export interface Pool {
  /** How many environments have an invocation. */
  readonly inUse: number;
  /**
   * Runs an invocation in an idle environment, else in a new one.
   *
   * @returns `"throttled"` where the concurrency is used up
   */
  invoke(invocation: Invocation): Promise<Outcome | "throttled">;
  /** Starts every later invocation with this definition, in environments of its own. */
  redefine(definition: FunctionDefinition): void;
  close(): Promise<void>;
}

/**
 * How long an invocation waits for an environment whose response is out already, before a new one
 * is started. A process has only to ask for its next invocation by then, which takes it a few
 * milliseconds, and more on a busy machine; without the wait, whoever invokes a function time after
 * time would get a new environment by chance.
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
      } else if (outdated.has(environment)) {
        void environment.kill();
      }
      changes.emit("change");
    });
    current.add(environment);
    return environment;
  };

  const graceForFinishing = async () => {
    const signal = AbortSignal.timeout(FINISHING_GRACE_MS);
    while (inState("finishing") !== undefined && inState("idle") === undefined) {
      try {
        await once(changes, "change", { signal });
      } catch {
        return;
      }
    }
  };

  return {
    get inUse() {
      return all().filter(({ state }) => state === "busy" || state === "finishing").length;
    },
    async invoke(invocation) {
      if (inState("idle") === undefined) await graceForFinishing();
      if (closed) throw new Error(`${definition.name}: the local cloud is closing`);
      if (!mayUseAnother()) return "throttled";
      return (inState("idle") ?? open()).run(invocation);
    },
    redefine(next) {
      definition = next;
      for (const environment of current) {
        outdated.add(environment);
        if (environment.state === "idle") void environment.kill();
      }
      current = new Set();
    },
    async close() {
      closed = true;
      await Promise.all(all().map((environment) => environment.kill()));
    },
  };
}
