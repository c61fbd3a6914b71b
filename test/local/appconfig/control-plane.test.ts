import * as control from "@aws-sdk/client-appconfig";
import assert from "node:assert/strict";
import { test } from "node:test";
import { appConfigFixture, MINUTE } from "./fixture.ts";

test("applications, environments and profiles are made, read, listed, changed and deleted", async (t) => {
  const { client, ids } = await appConfigFixture(t);
  const { ApplicationId, EnvironmentId, ConfigurationProfileId } = ids;

  assert.match(ApplicationId, /^[a-z0-9]{7}$/);
  const application = await client.send(new control.GetApplicationCommand({ ApplicationId }));
  assert.equal(application.Name, "customer-ids");
  await client.send(
    new control.UpdateApplicationCommand({ ApplicationId, Description: "a migration" }),
  );
  const { Items: applications } = await client.send(new control.ListApplicationsCommand({}));
  assert.deepEqual(
    applications?.map(({ Name, Description }) => [Name, Description]),
    [["customer-ids", "a migration"]],
  );

  const environment = await client.send(
    new control.GetEnvironmentCommand({ ApplicationId, EnvironmentId }),
  );
  assert.equal(environment.State, "READY_FOR_DEPLOYMENT");
  assert.equal(environment.Monitors?.length, 1);
  const changed = await client.send(
    new control.UpdateEnvironmentCommand({ ApplicationId, EnvironmentId, Monitors: [] }),
  );
  assert.deepEqual(changed.Monitors, []);
  const environments = await client.send(new control.ListEnvironmentsCommand({ ApplicationId }));
  assert.deepEqual(
    environments.Items?.map(({ Id }) => Id),
    [EnvironmentId],
  );

  const profile = await client.send(
    new control.GetConfigurationProfileCommand({ ApplicationId, ConfigurationProfileId }),
  );
  assert.equal(profile.LocationUri, "hosted");
  assert.equal(profile.Type, "AWS.Freeform");
  const renamed = await client.send(
    new control.UpdateConfigurationProfileCommand({
      ApplicationId,
      ConfigurationProfileId,
      Name: "modes",
    }),
  );
  assert.equal(renamed.Name, "modes");
  const profiles = await client.send(
    new control.ListConfigurationProfilesCommand({ ApplicationId }),
  );
  assert.deepEqual(
    profiles.Items?.map(({ Name }) => Name),
    ["modes"],
  );

  await assert.rejects(client.send(new control.DeleteApplicationCommand({ ApplicationId })), {
    name: "BadRequestException",
  });
  await client.send(
    new control.DeleteConfigurationProfileCommand({ ApplicationId, ConfigurationProfileId }),
  );
  await client.send(new control.DeleteEnvironmentCommand({ ApplicationId, EnvironmentId }));
  await client.send(new control.DeleteApplicationCommand({ ApplicationId }));
  await assert.rejects(client.send(new control.GetApplicationCommand({ ApplicationId })), {
    name: "ResourceNotFoundException",
    ResourceName: "Application",
  });
});

test("lists come in pages", async (t) => {
  const { client } = await appConfigFixture(t);
  await client.send(new control.CreateApplicationCommand({ Name: "second" }));
  await client.send(new control.CreateApplicationCommand({ Name: "third" }));
  const names: (string | undefined)[] = [];
  const pages = control.paginateListApplications({ client, pageSize: 2 }, {});
  let count = 0;
  for await (const page of pages) {
    count += 1;
    names.push(...page.Items!.map(({ Name }) => Name));
  }
  assert.equal(count, 2);
  assert.deepEqual(names, ["customer-ids", "second", "third"]);
});

test("hosted versions: number, lock, label", async (t) => {
  const { client, ids, version } = await appConfigFixture(t);
  assert.equal(await version({ mode: "old" }, "v1.0"), 1);
  assert.equal(await version({ mode: "shadow" }), 2);

  const create = (LatestVersionNumber?: number, VersionLabel?: string) =>
    client.send(
      new control.CreateHostedConfigurationVersionCommand({
        ...ids,
        ContentType: "application/json",
        Content: Buffer.from("{}"),
        Description: "third",
        LatestVersionNumber,
        VersionLabel,
      }),
    );
  await assert.rejects(create(1), { name: "ConflictException", message: /latest version is 2/ });
  await assert.rejects(create(2, "v1.0"), { name: "ConflictException" });
  await assert.rejects(create(2, "17"), { name: "BadRequestException", message: /VersionLabel/ });
  const third = await create(2, "v1.1");
  assert.equal(third.VersionNumber, 3);
  assert.equal(third.VersionLabel, "v1.1");
  assert.equal(third.Description, "third");
  assert.equal(Buffer.from(third.Content!).toString(), "{}");

  const first = await client.send(
    new control.GetHostedConfigurationVersionCommand({ ...ids, VersionNumber: 1 }),
  );
  assert.equal(Buffer.from(first.Content!).toString(), '{"mode":"old"}');
  assert.equal(first.ContentType, "application/json");

  const numbers = async (VersionLabel?: string) =>
    (
      await client.send(
        new control.ListHostedConfigurationVersionsCommand({ ...ids, VersionLabel }),
      )
    ).Items?.map(({ VersionNumber }) => VersionNumber);
  assert.deepEqual(await numbers(), [3, 2, 1]);
  assert.deepEqual(await numbers("v1*"), [3, 1]);
  assert.deepEqual(await numbers("v1"), []);

  await client.send(
    new control.DeleteHostedConfigurationVersionCommand({ ...ids, VersionNumber: 3 }),
  );
  await assert.rejects(
    client.send(new control.GetHostedConfigurationVersionCommand({ ...ids, VersionNumber: 3 })),
    { name: "ResourceNotFoundException" },
  );
  // Numbers are not given twice.
  assert.equal(await version({}), 4);
});

test("strategies: own ones and AWS's", async (t) => {
  const { client, strategy } = await appConfigFixture(t);
  const DeploymentStrategyId = await strategy(10, 5, 20);
  await client.send(
    new control.UpdateDeploymentStrategyCommand({
      DeploymentStrategyId,
      FinalBakeTimeInMinutes: 7,
    }),
  );
  const own = await client.send(new control.GetDeploymentStrategyCommand({ DeploymentStrategyId }));
  assert.equal(own.FinalBakeTimeInMinutes, 7);
  assert.equal(own.GrowthType, "LINEAR");
  const { Items } = await client.send(new control.ListDeploymentStrategiesCommand({}));
  assert.deepEqual(
    Items?.map((item) => [
      item.Id,
      item.GrowthType,
      item.GrowthFactor,
      item.DeploymentDurationInMinutes,
      item.FinalBakeTimeInMinutes,
    ]),
    [
      ["AppConfig.AllAtOnce", "LINEAR", 100, 0, 10],
      ["AppConfig.Linear50PercentEvery30Seconds", "LINEAR", 50, 1, 1],
      ["AppConfig.Canary10Percent20Minutes", "EXPONENTIAL", 10, 20, 10],
      ["AppConfig.Linear20PercentEvery6Minutes", "LINEAR", 20, 30, 30],
      [DeploymentStrategyId, "LINEAR", 20, 10, 7],
    ],
  );
  await client.send(new control.DeleteDeploymentStrategyCommand({ DeploymentStrategyId }));
  await assert.rejects(
    client.send(
      new control.DeleteDeploymentStrategyCommand({ DeploymentStrategyId: "AppConfig.AllAtOnce" }),
    ),
    { name: "BadRequestException", message: /predefined/ },
  );
});

test("what AWS would refuse, and what the local cloud can't do, is refused by name", async (t) => {
  const { client, ids } = await appConfigFixture(t);
  const { ApplicationId } = ids;
  const strategy = (input: Partial<control.CreateDeploymentStrategyCommandInput>) =>
    client.send(
      new control.CreateDeploymentStrategyCommand({
        Name: "s",
        DeploymentDurationInMinutes: 0,
        GrowthFactor: 100,
        ...input,
      }),
    );
  const profile = (input: Partial<control.CreateConfigurationProfileCommandInput>) =>
    client.send(
      new control.CreateConfigurationProfileCommand({
        ApplicationId,
        Name: "p",
        LocationUri: "hosted",
        ...input,
      }),
    );
  const monitors = Array.from({ length: 6 }, () => ({ AlarmArn: "arn" }));
  const refused: [string, () => Promise<unknown>, RegExp][] = [
    ["too long a duration", () => strategy({ DeploymentDurationInMinutes: 1441 }), /1440/],
    ["too long a bake", () => strategy({ FinalBakeTimeInMinutes: -1 }), /FinalBakeTime/],
    ["no growth", () => strategy({ GrowthFactor: 0 }), /GrowthFactor/],
    ["unknown growth", () => strategy({ GrowthType: "FAST" as "LINEAR" }), /GrowthType/],
    ["replication", () => strategy({ ReplicateTo: "SSM_DOCUMENT" }), /ReplicateTo/],
    [
      "six monitors",
      () =>
        client.send(
          new control.CreateEnvironmentCommand({ ApplicationId, Name: "e", Monitors: monitors }),
        ),
      /Monitors/,
    ],
    ["no name", () => client.send(new control.CreateApplicationCommand({ Name: "" })), /Name/],
    ["S3", () => profile({ LocationUri: "s3://b/k" }), /LocationUri/],
    ["feature flags", () => profile({ Type: "AWS.AppConfig.FeatureFlags" }), /Type/],
    ["a key", () => profile({ KmsKeyIdentifier: "k" }), /KmsKeyIdentifier/],
  ];
  for (const [name, run, message] of refused) {
    await assert.rejects(run, { name: "BadRequestException", message }, name);
  }
  await assert.rejects(client.send(new control.GetAccountSettingsCommand({})), {
    name: "NotImplementedException",
    message: /GetAccountSettings/,
  });
  await assert.rejects(profile({ ApplicationId: "nothere" }), {
    name: "ResourceNotFoundException",
  });
});

test("a 101st application is over the quota", async (t) => {
  const { client } = await appConfigFixture(t);
  for (let n = 2; n <= 100; n += 1) {
    await client.send(new control.CreateApplicationCommand({ Name: `a${n}` }));
  }
  await assert.rejects(client.send(new control.CreateApplicationCommand({ Name: "one more" })), {
    name: "ServiceQuotaExceededException",
  });
});

test("an outage fails every request, until it is over", async (t) => {
  const { client, appConfig, clock } = await appConfigFixture(t);
  appConfig.setOutage({ status: 503, type: "InternalServerException", message: "down" });
  await assert.rejects(client.send(new control.ListApplicationsCommand({})), {
    name: "InternalServerException",
    message: "down",
  });
  appConfig.setOutage();
  await clock.advance(MINUTE);
  await client.send(new control.ListApplicationsCommand({}));
});
