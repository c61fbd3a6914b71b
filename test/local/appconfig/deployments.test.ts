import * as control from "@aws-sdk/client-appconfig";
import assert from "node:assert/strict";
import { test } from "node:test";
import { growthSteps, stepTimes } from "../../../lib/local/appconfig/growth.ts";
import { ALARM, appConfigFixture, HOUR, MINUTE, SECOND } from "./fixture.ts";

test("growth", () => {
  assert.deepEqual(growthSteps("LINEAR", 20), [20, 40, 60, 80, 100]);
  assert.deepEqual(growthSteps("LINEAR", 30), [30, 60, 90, 100]);
  assert.deepEqual(growthSteps("LINEAR", 100), [100]);
  assert.deepEqual(growthSteps("EXPONENTIAL", 10), [10, 20, 40, 80, 100]);
  assert.deepEqual(growthSteps("EXPONENTIAL", 2), [2, 4, 8, 16, 32, 64, 100]);
  assert.deepEqual(stepTimes([20, 40, 60, 80, 100], 10 * HOUR), [
    2 * HOUR,
    4 * HOUR,
    6 * HOUR,
    8 * HOUR,
    10 * HOUR,
  ]);
});

test("a deployment grows, bakes and completes on the clock", async (t) => {
  const { clock, version, deploy, deployment, client, ids } = await appConfigFixture(t);
  const started = await deploy(
    await version({ mode: "old" }, "first"),
    "AppConfig.Linear50PercentEvery30Seconds",
  );
  assert.equal(started.State, "DEPLOYING");
  assert.equal(started.DeploymentNumber, 1);
  assert.equal(started.PercentageComplete, 0);

  await clock.advance(30 * SECOND);
  assert.equal((await deployment(1)).PercentageComplete, 50);
  const environment = await client.send(new control.GetEnvironmentCommand(ids));
  assert.equal(environment.State, "DEPLOYING");
  await clock.advance(30 * SECOND);
  assert.equal((await deployment(1)).State, "BAKING");
  await clock.advance(MINUTE);

  const done = await deployment(1);
  assert.equal(done.State, "COMPLETE");
  assert.equal(done.ConfigurationVersion, "1");
  assert.equal(done.VersionLabel, "first");
  assert.equal(done.ConfigurationName, "mode");
  assert.equal(+done.CompletedAt! - +done.StartedAt!, 2 * MINUTE);
  const events = done.EventLog!.map(({ EventType, TriggeredBy, Description, OccurredAt }) => [
    EventType,
    TriggeredBy,
    Description,
    (+OccurredAt! - +done.StartedAt!) / SECOND,
  ]);
  assert.deepEqual(events, [
    ["DEPLOYMENT_COMPLETED", "APPCONFIG", "Deployment completed", 120],
    ["BAKE_TIME_STARTED", "APPCONFIG", "Deployment bake time started", 60],
    ["PERCENTAGE_UPDATED", "APPCONFIG", "Configuration available to 100.00% of clients", 60],
    ["PERCENTAGE_UPDATED", "APPCONFIG", "Configuration available to 50.00% of clients", 30],
    ["DEPLOYMENT_STARTED", "USER", "Deployment started", 0],
  ]);
});

test("nothing to wait for: complete at once, also on a clock that has moved by then", async (t) => {
  const { alarms, clock, version, strategy, deploy } = await appConfigFixture(t);
  const now = clock.now();
  let looks = 0;
  t.mock.method(clock, "now", () => now + ++looks);
  alarms.set(ALARM, "ALARM");
  const { State } = await deploy(await version({ mode: "old" }), await strategy(0, 0));
  assert.equal(State, "COMPLETE");
});

test("nothing to wait for: complete at once, whatever the monitors say", async (t) => {
  const { version, deploy, strategy, alarms } = await appConfigFixture(t);
  alarms.set(ALARM, "ALARM");
  const done = await deploy(await version({}), await strategy(0, 0));
  assert.equal(done.State, "COMPLETE");
  assert.equal(done.PercentageComplete, 100);
});

test("one deployment at a time, and two optimistic locks", async (t) => {
  const { clock, version, deploy, strategy, client, ids } = await appConfigFixture(t);
  const number = await version({}, "first");
  const DeploymentStrategyId = await strategy(10, 0);
  await deploy(number, DeploymentStrategyId);
  await assert.rejects(deploy(number, DeploymentStrategyId), { name: "ConflictException" });
  await assert.rejects(client.send(new control.DeleteEnvironmentCommand(ids)), {
    name: "ConflictException",
  });
  await clock.advance(10 * MINUTE);

  const locked = (LatestDeploymentNumber: number) =>
    client.send(
      new control.StartDeploymentCommand({
        ...ids,
        DeploymentStrategyId,
        ConfigurationVersion: "first",
        LatestDeploymentNumber,
      }),
    );
  await assert.rejects(locked(0), { name: "ConflictException", message: /LatestDeployment/ });
  assert.equal((await locked(1)).DeploymentNumber, 2);
  const { Items } = await client.send(new control.ListDeploymentsCommand(ids));
  assert.deepEqual(
    Items?.map(({ DeploymentNumber, State }) => [DeploymentNumber, State]),
    [
      [2, "DEPLOYING"],
      [1, "COMPLETE"],
    ],
  );
  await assert.rejects(deploy("nosuch", DeploymentStrategyId), {
    name: "ResourceNotFoundException",
  });
});

for (const state of ["ALARM", "INSUFFICIENT_DATA"] as const) {
  for (const phase of ["DEPLOYING", "BAKING"] as const) {
    test(`a monitor in ${state} while ${phase} rolls back`, async (t) => {
      const { clock, alarms, version, deploy, deployment, strategy, session, latest } =
        await appConfigFixture(t);
      await deploy(await version({ mode: "old" }), await strategy(0, 0));
      await deploy(await version({ mode: "shadow" }), await strategy(10, 10, 100));
      await clock.advance(phase === "DEPLOYING" ? MINUTE : 11 * MINUTE);
      assert.equal((await deployment(2)).State, phase);

      alarms.set(ALARM, state);
      await clock.advance(10 * SECOND);
      assert.equal((await deployment(2)).State, "ROLLING_BACK");
      assert.deepEqual((await latest(await session())).content, { mode: "old" });
      await assert.rejects(deploy(1, "AppConfig.AllAtOnce"), { name: "ConflictException" });

      await clock.advance(MINUTE);
      const ended = await deployment(2);
      assert.equal(ended.State, "ROLLED_BACK");
      const [completed, started] = ended.EventLog!;
      assert.equal(completed?.EventType, "ROLLBACK_COMPLETED");
      assert.equal(started?.EventType, "ROLLBACK_STARTED");
      assert.equal(started?.TriggeredBy, "CLOUDWATCH_ALARM");
      assert.match(started?.Description ?? "", new RegExp(`alarm:unhealthy .*${state}`));
    });
  }
}

test("an alarm that is unknown, or has its actions disabled, rolls nothing back", async (t) => {
  const { clock, alarms, version, deploy, deployment } = await appConfigFixture(t);
  alarms.delete(ALARM);
  await deploy(await version({}), "AppConfig.AllAtOnce");
  await clock.advance(10 * MINUTE);
  assert.equal((await deployment(1)).State, "COMPLETE");
});

test("after the bake nothing rolls back by itself", async (t) => {
  const { clock, alarms, version, deploy, deployment } = await appConfigFixture(t);
  await deploy(await version({}), "AppConfig.AllAtOnce");
  await clock.advance(10 * MINUTE);
  alarms.set(ALARM, "ALARM");
  await clock.advance(HOUR);
  assert.equal((await deployment(1)).State, "COMPLETE");
});

test("a deployment in progress is stopped by its user", async (t) => {
  const { clock, version, deploy, deployment, strategy, client, ids } = await appConfigFixture(t);
  await deploy(await version({}), await strategy(10, 0, 50));
  await clock.advance(MINUTE);
  const stopping = await client.send(
    new control.StopDeploymentCommand({ ...ids, DeploymentNumber: 1 }),
  );
  assert.equal(stopping.State, "ROLLING_BACK");
  assert.equal(stopping.EventLog?.[0]?.TriggeredBy, "USER");
  await clock.advance(HOUR);
  assert.equal((await deployment(1)).State, "ROLLED_BACK");
  const environment = await client.send(new control.GetEnvironmentCommand(ids));
  assert.equal(environment.State, "ROLLED_BACK");
});

test("a deployment that bakes is stopped with AllowRevert alone, and is rolled back then", async (t) => {
  const { clock, version, deploy, strategy, client, ids } = await appConfigFixture(t);
  await deploy(await version({ mode: "old" }), await strategy(0, 10));
  const stop = (AllowRevert?: boolean) =>
    client.send(new control.StopDeploymentCommand({ ...ids, DeploymentNumber: 1, AllowRevert }));
  await clock.advance(1);
  await assert.rejects(stop(), { name: "BadRequestException", message: /BAKING/ });
  assert.equal((await stop(true)).State, "ROLLING_BACK");
});

test("a completed deployment is reverted within 72 hours, monitors or not", async (t) => {
  const { clock, alarms, version, deploy, strategy, client, ids, session, latest } =
    await appConfigFixture(t);
  const atOnce = await strategy(0, 0);
  await deploy(await version({ mode: "old" }), atOnce);
  await deploy(await version({ mode: "shadow" }), atOnce);
  const stop = (DeploymentNumber: number, AllowRevert?: boolean) =>
    client.send(new control.StopDeploymentCommand({ ...ids, DeploymentNumber, AllowRevert }));

  await assert.rejects(stop(2), { name: "BadRequestException", message: /COMPLETE/ });
  await assert.rejects(stop(1, true), { name: "BadRequestException", message: /newer/ });
  const poller = await latest(await session());
  assert.deepEqual(poller.content, { mode: "shadow" });
  alarms.set(ALARM, "ALARM");
  await clock.advance(72 * HOUR);
  const reverted = await stop(2, true);
  assert.equal(reverted.State, "REVERTED");
  assert.equal(reverted.EventLog?.[0]?.EventType, "REVERT_COMPLETED");
  assert.deepEqual((await latest(await session())).content, { mode: "old" });
  await clock.advance(1);
  await assert.rejects(stop(1, true), { name: "BadRequestException", message: /72 hours/ });
  await assert.rejects(stop(3), { name: "ResourceNotFoundException" });
});
