import type { AppConfigClient } from "@aws-sdk/client-appconfig";

/** Where a migration's mode documents live in AppConfig. */
export interface RolloutTarget {
  readonly client: AppConfigClient;
  readonly applicationId: string;
  readonly environmentId: string;
  readonly profileId: string;
  /** For moves that change who answers, or that take away the fallback. */
  readonly gradualStrategyId: string;
  /** For rollbacks, and for moves that change no caller's answer. */
  readonly immediateStrategyId: string;
}
