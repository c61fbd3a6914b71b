import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import {
  CreateConfigurationProfileCommand,
  CreateHostedConfigurationVersionCommand,
  StartDeploymentCommand,
  StopDeploymentCommand,
} from "@aws-sdk/client-appconfig";
import { documentInForce, presentMode } from "../../lib/rollout/present-mode.ts";
import { ALARM, appConfigFixture, MINUTE, SECOND } from "../local/appconfig/fixture.ts";

/** An environment to deploy mode documents to, at once or over ten minutes. */
async function setUp(test: TestContext) {
  const fixture = await appConfigFixture(test);
  const { client, clock, ids } = fixture;
  const atOnce = await fixture.strategy(0, 0);
  const gradual = await fixture.strategy(10, 10);
  const start = clock.now();
  return {
    ...fixture,
    profile: {
      client,
      applicationId: ids.ApplicationId,
      environmentId: ids.EnvironmentId,
      profileId: ids.ConfigurationProfileId,
    },
    minutes: () => (clock.now() - start) / MINUTE,
    at: (minute: number) => start + minute * MINUTE,
    deployAtOnce: async (document: unknown) =>
      fixture.deploy(await fixture.version(document), atOnce),
    deployGradually: async (document: unknown) =>
      fixture.deploy(await fixture.version(document), gradual),
  };
}

describe("documentInForce", () => {
  it("is undefined before anything is deployed", async (test) => {
    const { profile } = await setUp(test);
    assert.equal(await documentInForce(profile), undefined);
  });

  it("is the newest complete one, whatever is under way", async (test) => {
    const { profile, deployAtOnce, deployGradually } = await setUp(test);
    await deployAtOnce({ mode: "shadow" });
    await deployGradually({ mode: "reverse-shadow" });
    assert.deepEqual(await documentInForce(profile), { mode: "shadow" });
  });

  it("passes over documents that are none, as functions do", async (test) => {
    const { profile, deployAtOnce } = await setUp(test);
    await deployAtOnce({ mode: "shadow" });
    await deployAtOnce({ mode: "newest" });
    assert.deepEqual(await documentInForce(profile), { mode: "shadow" });
  });

  it("passes over the environment's other profiles", async (test) => {
    const { client, ids, profile, deployAtOnce, strategy } = await setUp(test);
    await deployAtOnce({ mode: "shadow" });
    const other = await client.send(
      new CreateConfigurationProfileCommand({ ...ids, Name: "other", LocationUri: "hosted" }),
    );
    const theirs = { ...ids, ConfigurationProfileId: other.Id! };
    await client.send(
      new CreateHostedConfigurationVersionCommand({
        ...theirs,
        Content: Buffer.from('{"mode":"new"}'),
        ContentType: "application/json",
      }),
    );
    await client.send(
      new StartDeploymentCommand({
        ...theirs,
        ConfigurationVersion: "1",
        DeploymentStrategyId: await strategy(0, 0),
      }),
    );
    assert.deepEqual(await documentInForce(profile), { mode: "shadow" });
  });
});

describe("presentMode", () => {
  it("is undefined before anything is deployed", async (test) => {
    const { profile } = await setUp(test);
    assert.equal(await presentMode(profile, 0), undefined);
  });

  it("began when its deployment was complete", async (test) => {
    const { profile, clock, at, deployAtOnce, deployGradually } = await setUp(test);
    await deployAtOnce({ mode: "shadow" });
    await clock.advance(5 * MINUTE);
    await deployGradually({ mode: "reverse-shadow" });
    await clock.advance(30 * MINUTE);
    assert.deepEqual(await presentMode(profile, 0), {
      since: at(25),
      secondaryShare: 1,
      sampledSince: at(25),
    });
  });

  it("goes on through changes of sampling and ramp, while the evidence begins with the sampling", async (test) => {
    const { profile, clock, at, deployAtOnce } = await setUp(test);
    await deployAtOnce({ mode: "old" });
    await clock.advance(MINUTE);
    await deployAtOnce({ mode: "shadow", sample: { secondary: 0.01 } });
    await clock.advance(MINUTE);
    await deployAtOnce({ mode: "shadow", sample: { secondary: 0.5 } });
    await clock.advance(MINUTE);
    const ramp = { mode: "reverse-shadow", percent: 10 };
    await deployAtOnce({ mode: "shadow", ramp, sample: { secondary: 0.5, matches: 1 } });
    await clock.advance(MINUTE);
    assert.deepEqual(await presentMode(profile, 0), {
      since: at(1),
      secondaryShare: 0.5,
      sampledSince: at(2),
    });
  });

  it("looks no further back than it is told", async (test) => {
    const { profile, clock, at, deployAtOnce } = await setUp(test);
    for (const matches of [0, 0.1, 0.2, 0.3]) {
      await deployAtOnce({ mode: "shadow", sample: { matches } });
      await clock.advance(MINUTE);
    }
    assert.equal((await presentMode(profile, at(1)))?.since, at(1));
  });

  it("begins again after a try at the next mode that was rolled back", async (test) => {
    const { alarms, profile, clock, at, deployAtOnce, deployGradually } = await setUp(test);
    await deployAtOnce({ mode: "shadow", sample: { secondary: 0.2 } });
    await clock.advance(MINUTE);
    const { DeploymentNumber } = await deployGradually({ mode: "reverse-shadow" });
    await clock.advance(3 * MINUTE);
    alarms.set(ALARM, "ALARM");
    await clock.advance(MINUTE);
    assert.equal(DeploymentNumber, 2);
    const present = await presentMode(profile, 0);
    assert.equal(present?.secondaryShare, 0.2);
    assert.ok(
      present.since > at(4) && present.since <= at(4) + 20 * SECOND,
      `${present.since - at(4)}`,
    );
    assert.equal(present.sampledSince, present.since);
    await clock.advance(MINUTE);
    await deployAtOnce({ mode: "shadow", sample: { secondary: 0.2, matches: 1 } });
    assert.deepEqual(await presentMode(profile, 0), present, "also with a change after it");
  });

  it("goes on through a change of sampling that was rolled back", async (test) => {
    const { alarms, profile, clock, at, deployAtOnce, deployGradually } = await setUp(test);
    await deployAtOnce({ mode: "shadow" });
    await clock.advance(MINUTE);
    await deployGradually({ mode: "shadow", sample: { secondary: 0.5 } });
    alarms.set(ALARM, "ALARM");
    await clock.advance(MINUTE);
    assert.equal((await presentMode(profile, 0))?.since, at(0));
  });

  it("begins again after a complete promotion that was reverted", async (test) => {
    const { client, ids, profile, clock, at, deployAtOnce } = await setUp(test);
    await deployAtOnce({ mode: "shadow" });
    await clock.advance(MINUTE);
    const { DeploymentNumber } = await deployAtOnce({ mode: "reverse-shadow" });
    await clock.advance(MINUTE);
    await client.send(new StopDeploymentCommand({ ...ids, DeploymentNumber, AllowRevert: true }));
    await clock.advance(MINUTE);
    assert.equal((await presentMode(profile, 0))?.since, at(2));
  });

  it("is not begun by a try from before it", async (test) => {
    const { client, ids, profile, clock, at, deployAtOnce, deployGradually } = await setUp(test);
    await deployAtOnce({ mode: "old" });
    const { DeploymentNumber } = await deployGradually({ mode: "reverse-shadow" });
    await clock.advance(MINUTE);
    await client.send(new StopDeploymentCommand({ ...ids, DeploymentNumber }));
    await clock.advance(MINUTE);
    await deployAtOnce({ mode: "shadow" });
    assert.equal((await presentMode(profile, 0))?.since, at(2));
  });
});
