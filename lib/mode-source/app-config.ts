import { functionEnvironment } from "../function-environment.ts";
import { messageOf, type Logger } from "../logger.ts";
import { agentReader } from "./agent.ts";
import { dataPlaneReader } from "./data-plane.ts";
import { LastGood } from "./last-good.ts";
import type { ModeReading, ModeSource } from "./mode-source.ts";

// What a function goes by that nobody has told of the migration: the dependency as it was.
const UNCONFIGURED: ModeReading = {
  document: { mode: "old" },
  version: "default",
  counts: ["ModeDefaulted"],
};

/**
 * The mode source of the deployed stack: the AppConfig agent or AppConfig itself, as the function's
 * environment says. A function without that environment stays in `old`, says so in its log once, and
 * counts it.
 */
export function appConfigModeSource(logger: Logger): ModeSource {
  const sources = new Map<string, LastGood | undefined>();
  return {
    async read(migration, budgetMs) {
      if (!sources.has(migration)) sources.set(migration, open(migration, logger));
      return sources.get(migration)?.read(budgetMs) ?? UNCONFIGURED;
    },
  };
}

function open(migration: string, logger: Logger): LastGood | undefined {
  try {
    const environment = functionEnvironment(migration);
    const reader = environment.agent ? agentReader(environment) : dataPlaneReader(environment);
    return new LastGood({ migration, reader, defaultMode: environment.defaultMode, logger });
  } catch (error) {
    logger.error("the migration stays in old", { migration, why: messageOf(error) });
    return undefined;
  }
}
