import type { ModeProfile } from "./deployments.ts";

/** Where a migration's mode documents live in AppConfig, and how they are deployed. */
export interface RolloutTarget extends ModeProfile {
  /** For moves that change who answers, or that take away the fallback. */
  readonly gradualStrategyId: string;
  /** For rollbacks, and for moves that change no caller's answer. */
  readonly immediateStrategyId: string;
}
