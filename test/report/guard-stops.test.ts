import assert from "node:assert/strict";
import { it } from "node:test";
import { StopDeploymentCommand } from "@aws-sdk/client-appconfig";
import { rollbacksOf } from "../../lib/report/rollbacks.ts";
import { readHistory } from "../../lib/rollout/history.ts";
import { readPoints } from "../../lib/rollout/metric-points.ts";
import { rollbackGuard, type AlarmEvent } from "../../lib/rollout/rollback-guard.ts";
import { MIGRATION, MINUTE, rolloutFixture } from "../rollout/fixture.ts";

it("what the guard did is put down to the guard, and what an operator did to the operator", async (test) => {
  const { clock, target, ids, cloudWatchClient, put, events, deploy } = await rolloutFixture(test);
  const start = clock.now();
  const guard = rollbackGuard({
    target,
    migration: MIGRATION,
    alarm: "unhealthy",
    mismatchRatePercent: 1,
    settleMs: 2 * MINUTE,
    cloudWatch: cloudWatchClient,
    metrics: {
      async publish([tally]) {
        await put("GuardRollbacks", tally!.counts.get("GuardRollbacks")!);
      },
    },
    logger: { warn() {}, error() {} },
    now: () => clock.now(),
    wait: (ms) => clock.advance(ms),
  });
  const alarm = async (): Promise<AlarmEvent> => {
    const known = events.length;
    await put("Comparisons", 100);
    await put("Disagreements", 50);
    await clock.advance(MINUTE);
    return events
      .slice(known)
      .find(({ detail }) => detail.alarmName === "unhealthy" && detail.state.value === "ALARM")!;
  };

  await deploy({ mode: "shadow" });
  await clock.advance(10 * MINUTE);
  // An operator thinks better of it.
  const stopped = await deploy({ mode: "reverse-shadow" }, "gradual");
  await clock.advance(MINUTE);
  await target.client.send(new StopDeploymentCommand({ ...ids, DeploymentNumber: stopped }));
  await clock.advance(10 * MINUTE);
  // The guard stops a promotion before AppConfig does.
  const first = await alarm();
  await deploy({ mode: "reverse-shadow" }, "gradual");
  await guard(first);
  await clock.advance(10 * MINUTE);
  // The guard goes back from a mode that is in force, past a change of sampling that is in the way.
  await deploy({ mode: "reverse-shadow" });
  await clock.advance(10 * MINUTE);
  const second = await alarm();
  await deploy({ mode: "reverse-shadow", sample: { secondary: 0.5 } }, "gradual");
  await guard(second);
  await clock.advance(10 * MINUTE);
  // AppConfig rolls back by itself.
  await deploy({ mode: "reverse-shadow" }, "gradual");
  await alarm();
  await clock.advance(10 * MINUTE);

  const { deployments } = await readHistory(target, start);
  for (const periodMs of [MINUTE, 5 * MINUTE]) {
    const { guardRollbacks: points } = await readPoints(
      { client: cloudWatchClient, migration: MIGRATION, now: clock.now() },
      { guardRollbacks: { metric: "GuardRollbacks", statistic: "Sum" } },
      { from: Math.floor(start / periodMs) * periodMs, periodMs },
    );
    const span = { from: start, to: clock.now() };
    assert.deepEqual(
      rollbacksOf(deployments, span, { points, periodMs }).map(({ deployment, way, cause }) => [
        deployment,
        way,
        cause,
      ]),
      [
        [2, "undone", "operator"],
        [3, "undone", "guard"],
        [6, "deployed", "guard"],
        [7, "undone", "alarm"],
      ],
    );
  }
});
