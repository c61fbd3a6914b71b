import * as control from "@aws-sdk/client-appconfig";
import assert from "node:assert/strict";
import { test } from "node:test";
import { ALARM, appConfigFixture, MINUTE, SECOND } from "./fixture.ts";

const SITE = {
  stackName: "Shop",
  logicalId: "Thing",
  region: "us-east-1",
  account: "000000000000",
} as const;

test("a template's resources make a deployed configuration", async (t) => {
  const { appConfig, client, clock } = await appConfigFixture(t);
  const make = async (type: string, properties: Record<string, unknown>) =>
    appConfig.resources[`AWS::AppConfig::${type}`]!(properties, SITE);

  const application = await make("Application", { Name: "payments", Tags: [] });
  const ApplicationId = application.ref;
  assert.deepEqual(application.attributes, { ApplicationId });
  const environment = await make("Environment", {
    ApplicationId,
    Name: "production",
    Monitors: [{ AlarmArn: ALARM, AlarmRoleArn: "arn:aws:iam::000000000000:role/r" }],
  });
  assert.equal(environment.attributes?.["EnvironmentId"], environment.ref);
  const profile = await make("ConfigurationProfile", {
    ApplicationId,
    Name: "mode",
    LocationUri: "hosted",
  });
  assert.equal(profile.attributes?.["ConfigurationProfileId"], profile.ref);
  const version = await make("HostedConfigurationVersion", {
    ApplicationId,
    ConfigurationProfileId: profile.ref,
    Content: '{"mode":"old"}',
    ContentType: "application/json",
  });
  assert.deepEqual(version, { ref: "1", attributes: { VersionNumber: "1" } });
  const strategy = await make("DeploymentStrategy", {
    Name: "s",
    DeploymentDurationInMinutes: "1",
    GrowthFactor: 100,
    GrowthType: "LINEAR",
    ReplicateTo: "NONE",
  });
  assert.equal(strategy.attributes?.["Id"], strategy.ref);

  const properties = {
    ApplicationId,
    EnvironmentId: environment.ref,
    ConfigurationProfileId: profile.ref,
    ConfigurationVersion: version.ref,
    DeploymentStrategyId: strategy.ref,
  };
  const deployment = make("Deployment", properties);
  await clock.advance(MINUTE);
  assert.deepEqual(await deployment, {
    ref: "1",
    attributes: { DeploymentNumber: "1", State: "COMPLETE" },
  });
  const { Items } = await client.send(
    new control.ListDeploymentsCommand({ ApplicationId, EnvironmentId: environment.ref }),
  );
  assert.equal(Items?.length, 1);
});

test("a deployment that rolls back fails its stack", async (t) => {
  const { appConfig, alarms, clock, ids, version, strategy } = await appConfigFixture(t);
  const ConfigurationVersion = String(await version({}));
  const DeploymentStrategyId = await strategy(10, 0);
  alarms.set(ALARM, "ALARM");
  const properties = { ...ids, ConfigurationVersion, DeploymentStrategyId };
  const make = appConfig.resources["AWS::AppConfig::Deployment"]!;
  const failed = assert.rejects(
    async () => make(properties, SITE),
    /AWS::AppConfig::Deployment Thing: deployment 1 ended as ROLLED_BACK: .*alarm:unhealthy/,
  );
  await clock.advance(30 * SECOND);
  await failed;
});

test("what a template says and the local cloud can't do is named", async (t) => {
  const { appConfig, ids } = await appConfigFixture(t);
  const make = (type: string, properties: Record<string, unknown>) => async () =>
    appConfig.resources[`AWS::AppConfig::${type}`]!(properties, SITE);
  await assert.rejects(
    make("Environment", {
      ApplicationId: ids.ApplicationId,
      Name: "e",
      DeletionProtectionCheck: "APPLY",
    }),
    /AWS::AppConfig::Environment Thing: unknown property DeletionProtectionCheck/,
  );
  await assert.rejects(
    make("ConfigurationProfile", {
      ApplicationId: ids.ApplicationId,
      Name: "p",
      LocationUri: "hosted",
      Validators: [{ Type: "JSON_SCHEMA", Content: "not a schema" }],
    }),
    /AWS::AppConfig::ConfigurationProfile Thing: Validators: Content: no JSON Schema/,
  );
  await assert.rejects(
    make("Application", {}),
    /AWS::AppConfig::Application Thing: Name: required/,
  );
});

test("a changed template changes in place, makes another, or removes", async (t) => {
  const { appConfig, client, ids } = await appConfigFixture(t);
  const name = (type: string) => `AWS::AppConfig::${type}`;
  const made = async (type: string, properties: Record<string, unknown>) => ({
    type: name(type),
    properties,
    created: await appConfig.resources[name(type)]!(properties, SITE),
  });
  type Made = Awaited<ReturnType<typeof made>>;
  const update = async (kept: Made, change: Record<string, unknown>) =>
    appConfig.keptKinds![kept.type]!.update!(kept, { ...kept.properties, ...change }, SITE);
  const remove = (kept: Made) => appConfig.keptKinds![kept.type]!.remove(kept);

  const application = await made("Application", { Name: "payments" });
  const ApplicationId = application.created.ref;
  const other = await made("Application", { Name: "other" });
  const environment = await made("Environment", {
    ApplicationId,
    Name: "production",
    Monitors: [{ AlarmArn: ALARM }],
  });
  const EnvironmentId = environment.created.ref;
  const profile = await made("ConfigurationProfile", {
    ApplicationId,
    Name: "mode",
    LocationUri: "hosted",
    Validators: [{ Type: "JSON_SCHEMA", Content: "{}" }],
  });
  const ConfigurationProfileId = profile.created.ref;
  const strategy = await made("DeploymentStrategy", {
    Name: "s",
    DeploymentDurationInMinutes: 1,
    GrowthFactor: 100,
    ReplicateTo: "NONE",
  });
  const version = await made("HostedConfigurationVersion", {
    ApplicationId,
    ConfigurationProfileId,
    Content: '{"mode":"old"}',
    ContentType: "application/json",
  });

  assert.deepEqual(await update(application, { Name: "money" }), application.created);
  const get = new control.GetApplicationCommand({ ApplicationId });
  assert.equal((await client.send(get)).Name, "money");
  // Without its monitors and validators, it has none.
  assert.deepEqual(await update(environment, { Monitors: undefined }), environment.created);
  const getEnvironment = new control.GetEnvironmentCommand({ ApplicationId, EnvironmentId });
  assert.deepEqual((await client.send(getEnvironment)).Monitors, []);
  assert.deepEqual(await update(profile, { Validators: undefined }), profile.created);
  const inProfile = { ApplicationId, ConfigurationProfileId };
  const getProfile = new control.GetConfigurationProfileCommand(inProfile);
  assert.deepEqual((await client.send(getProfile)).Validators, []);
  const duration = { DeploymentDurationInMinutes: "5" };
  assert.deepEqual(await update(strategy, duration), strategy.created);
  const DeploymentStrategyId = strategy.created.ref;
  const getStrategy = new control.GetDeploymentStrategyCommand({ DeploymentStrategyId });
  assert.equal((await client.send(getStrategy)).DeploymentDurationInMinutes, 5);
  assert.equal((await update(version, { Content: '{"mode":"new"}' })).ref, "2");
  const moved = await update(environment, { ApplicationId: other.created.ref });
  assert.notEqual(moved.ref, EnvironmentId);

  await assert.rejects(update(environment, { Colour: "red" }), /unknown property Colour/);
  await assert.rejects(update(application, { Name: "" }), {
    message: /^AWS::AppConfig::Application Thing: .*Name/,
  });

  for (const kept of [version, strategy, profile, environment, application]) remove(kept);
  for (const command of [get, getStrategy]) {
    await assert.rejects(client.send(command as control.GetApplicationCommand), {
      name: "ResourceNotFoundException",
    });
  }
  const { Items } = await client.send(new control.ListApplicationsCommand({}));
  assert.deepEqual(
    new Set(Items!.map(({ Id }) => Id)),
    new Set([ids.ApplicationId, other.created.ref]),
  );
});
