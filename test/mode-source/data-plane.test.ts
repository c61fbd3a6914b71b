import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, it, mock } from "node:test";
import {
  AppConfigClient,
  CreateApplicationCommand,
  CreateConfigurationProfileCommand,
  CreateDeploymentStrategyCommand,
  CreateEnvironmentCommand,
  CreateHostedConfigurationVersionCommand,
  StartDeploymentCommand,
} from "@aws-sdk/client-appconfig";
import { createAppConfig } from "../../lib/local/appconfig/index.ts";
import { manualClock } from "../../lib/local/clock.ts";
import { openGateway, type Gateway } from "../../lib/local/gateway.ts";
import { appConfigModeSource } from "../../lib/mode-source/app-config.ts";

const HOUR_MS = 3_600_000;
const POLL_MS = 15_000;

describe("the deployed stack's mode source, without the agent", () => {
  const clock = manualClock();
  const appConfig = createAppConfig({ clock, alarmState: () => "OK" });
  const quiet = { warn() {}, error() {} };
  let gateway: Gateway;
  let client: AppConfigClient;
  let ids: { ApplicationId: string; EnvironmentId: string; ConfigurationProfileId: string };
  let strategy: string | undefined;

  before(async () => {
    gateway = await openGateway();
    gateway.serve(appConfig);
    Object.assign(process.env, {
      AWS_ENDPOINT_URL: gateway.endpoint,
      AWS_REGION: "us-east-1",
      AWS_ACCESS_KEY_ID: "test",
      AWS_SECRET_ACCESS_KEY: "test",
      AWS_MAX_ATTEMPTS: "1",
    });
    client = new AppConfigClient();
    const { Id: ApplicationId } = await client.send(
      new CreateApplicationCommand({ Name: "things" }),
    );
    const { Id: EnvironmentId } = await client.send(
      new CreateEnvironmentCommand({ ApplicationId, Name: "prod" }),
    );
    const { Id: ConfigurationProfileId } = await client.send(
      new CreateConfigurationProfileCommand({ ApplicationId, Name: "mode", LocationUri: "hosted" }),
    );
    ids = {
      ApplicationId: ApplicationId!,
      EnvironmentId: EnvironmentId!,
      ConfigurationProfileId: ConfigurationProfileId!,
    };
    ({ Id: strategy } = await client.send(
      new CreateDeploymentStrategyCommand({
        Name: "at once",
        DeploymentDurationInMinutes: 0,
        FinalBakeTimeInMinutes: 0,
        GrowthFactor: 100,
        ReplicateTo: "NONE",
      }),
    ));
    process.env.SEGUE_THINGS = JSON.stringify({
      application: ApplicationId,
      environment: EnvironmentId,
      profile: ConfigurationProfileId,
      agent: false,
      table: "records",
      retentionDays: 30,
      defaultMode: "old",
    });
  });
  after(async () => {
    client.destroy();
    await gateway.close();
    await appConfig.close();
  });
  beforeEach(() => mock.timers.enable({ apis: ["Date"], now: Date.UTC(2026, 0, 1) }));
  afterEach(() => mock.timers.reset());

  async function deploy(text: string): Promise<void> {
    const { VersionNumber } = await client.send(
      new CreateHostedConfigurationVersionCommand({
        ...ids,
        Content: Buffer.from(text),
        ContentType: "application/json",
      }),
    );
    await client.send(
      new StartDeploymentCommand({
        ...ids,
        DeploymentStrategyId: strategy!,
        ConfigurationVersion: String(VersionNumber),
      }),
    );
    await clock.advance(0);
  }

  /** Lets time pass, for the function and for the cloud. */
  async function pass(ms: number): Promise<void> {
    mock.timers.tick(ms);
    await clock.advance(ms);
  }

  it("reads, polls, and comes back after outages and expired tokens", async () => {
    const source = appConfigModeSource(quiet);
    const read = async () => {
      const { document, version, counts } = await source.read("things", 10_000);
      return [document.mode, version.split(":")[0], ...counts];
    };

    await deploy('{"mode":"shadow"}');
    assert.deepEqual(await read(), ["shadow", "sha256"]);

    await deploy('{"mode":"reverse-shadow"}');
    assert.deepEqual(await read(), ["shadow", "sha256"], "too young to be read again");
    await pass(POLL_MS);
    assert.deepEqual(await read(), ["reverse-shadow", "sha256"]);
    await pass(POLL_MS);
    assert.deepEqual(await read(), ["reverse-shadow", "sha256"], "an empty body is no change");

    await deploy('{"mode":"newest"}');
    await pass(POLL_MS);
    assert.deepEqual(await read(), ["reverse-shadow", "sha256", "ModeDocumentsRefused"]);

    // A token lives for a day.
    await deploy('{"mode":"new"}');
    await clock.advance(25 * HOUR_MS);
    await pass(POLL_MS);
    assert.deepEqual(await read(), ["reverse-shadow", "sha256", "ModeReadFailures"]);
    await pass(POLL_MS);
    assert.deepEqual(await read(), ["new", "sha256"], "with a session of its own");

    const undo = gateway.inject({
      service: "appconfig",
      respond: () => ({ status: 500, body: '{"Message":"down"}' }),
    });
    await pass(POLL_MS);
    assert.deepEqual(await read(), ["new", "sha256", "ModeReadFailures"]);
    undo();
    await pass(POLL_MS);
    assert.deepEqual(await read(), ["new", "sha256"]);
  });
});
