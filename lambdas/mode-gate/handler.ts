import { emfMetrics } from "../../lib/metrics/emf.ts";
import { appConfigClient, clockOf, cloudWatchClient } from "../../lib/rollout/clients.ts";
import { gateEnvironment } from "../../lib/rollout/gate-environment.ts";
import { modeGate } from "../../lib/rollout/mode-gate.ts";

const { migration, application, environment, thresholds } = gateEnvironment();
const client = appConfigClient();

/** AppConfig's validator of the mode document: refuses what is malformed, skips a mode, or lacks evidence. */
export const handler = modeGate({
  target: { client, applicationId: application, environmentId: environment },
  migration,
  thresholds,
  cloudWatch: cloudWatchClient(),
  metrics: emfMetrics(),
  now: clockOf(client),
});
