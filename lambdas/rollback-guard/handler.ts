import { setTimeout as sleep } from "node:timers/promises";
import { PublishCommand, SNSClient } from "@aws-sdk/client-sns";
import { emfMetrics } from "../../lib/metrics/emf.ts";
import { appConfigClient, clockOf, cloudWatchClient } from "../../lib/rollout/clients.ts";
import { guardEnvironment } from "../../lib/rollout/guard-environment.ts";
import { rollbackGuard, type GuardReport } from "../../lib/rollout/rollback-guard.ts";

const environment = guardEnvironment();
const client = appConfigClient();
const sns = new SNSClient();

/** SNS takes no more of a subject. */
const MAX_SUBJECT_CHARACTERS = 100;

async function notify(subject: string, report: GuardReport): Promise<void> {
  if (environment.topic === undefined) return;
  await sns.send(
    new PublishCommand({
      TopicArn: environment.topic,
      Subject: subject.slice(0, MAX_SUBJECT_CHARACTERS),
      Message: JSON.stringify({ migration: environment.migration, ...report }, undefined, 2),
    }),
  );
}

/** Takes one step back when the alarm `unhealthy` goes off, also long after a deployment. */
export const handler = rollbackGuard({
  target: {
    client,
    applicationId: environment.application,
    environmentId: environment.environment,
    profileId: environment.profile,
    immediateStrategyId: environment.immediateStrategy,
  },
  migration: environment.migration,
  alarm: environment.alarm,
  mismatchRatePercent: environment.mismatchRatePercent,
  settleMs: environment.settleSeconds * 1_000,
  cloudWatch: cloudWatchClient(),
  metrics: emfMetrics(),
  notify,
  now: clockOf(client),
  wait: (ms) => sleep(ms),
});
