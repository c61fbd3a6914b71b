import {
  AppConfigClient,
  CreateHostedConfigurationVersionCommand,
  GetDeploymentCommand,
  GetEnvironmentCommand,
  ListDeploymentsCommand,
  StartDeploymentCommand,
  StopDeploymentCommand,
} from "@aws-sdk/client-appconfig";
import {
  AppConfigDataClient,
  GetLatestConfigurationCommand,
  StartConfigurationSessionCommand,
} from "@aws-sdk/client-appconfigdata";
import {
  CloudWatchClient,
  DescribeAlarmHistoryCommand,
  DescribeAlarmsCommand,
  DisableAlarmActionsCommand,
  GetDashboardCommand,
  GetMetricStatisticsCommand,
  PutCompositeAlarmCommand,
  PutDashboardCommand,
  PutMetricDataCommand,
} from "@aws-sdk/client-cloudwatch";
import {
  DynamoDBClient,
  GetItemCommand,
  ListTablesCommand,
  paginateScan,
  PutItemCommand,
} from "@aws-sdk/client-dynamodb";
import { ClassicLevel } from "classic-level";
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, test, type TestContext } from "node:test";
import { compressedClock, manualClock } from "../../../lib/local/clock.ts";
import { openCloud, type Cloud, type CloudOptions } from "../../../lib/local/cloud.ts";
import { closeServer, listen } from "../../../lib/local/listen.ts";
import { synthesizeApp, temporaryFolder } from "./app.ts";

const MINUTE_MS = 60_000;

/** The app as it is at first. */
const first = synthesizeApp({ after });

/** A folder, and clouds that follow each other in it. */
function setUp(t: TestContext) {
  const state = temporaryFolder(t);
  const open = async (options: Partial<CloudOptions> = {}): Promise<Cloud> => {
    const cloud = await openCloud({ assembly: first, clock: manualClock(), state, ...options });
    t.after(() => cloud.close());
    return cloud;
  };
  return { state, open };
}

/** What a person does with the app, through the SDK. */
function operator(t: TestContext, { endpoint, region, credentials, outputs }: Cloud) {
  const config = { endpoint, region, credentials, maxAttempts: 1 };
  const appConfig = new AppConfigClient(config);
  const data = new AppConfigDataClient(config);
  const cloudWatch = new CloudWatchClient(config);
  const dynamoDb = new DynamoDBClient(config);
  t.after(() => {
    for (const client of [appConfig, data, cloudWatch, dynamoDb]) client.destroy();
  });
  const ids = outputs["Kept"]!;
  const { ApplicationId, EnvironmentId, ConfigurationProfileId, SlowStrategyId } = ids;
  const environment = { ApplicationId, EnvironmentId };
  return {
    appConfig,
    cloudWatch,
    dynamoDb,
    ids,
    /** Has a document deployed: at once, or slowly. */
    async deploy(mode: string, DeploymentStrategyId = "AppConfig.AllAtOnce"): Promise<number> {
      const version = await appConfig.send(
        new CreateHostedConfigurationVersionCommand({
          ApplicationId,
          ConfigurationProfileId,
          Content: Buffer.from(JSON.stringify({ mode })),
          ContentType: "application/json",
        }),
      );
      const { DeploymentNumber } = await appConfig.send(
        new StartDeploymentCommand({
          ...environment,
          ConfigurationProfileId,
          DeploymentStrategyId,
          ConfigurationVersion: String(version.VersionNumber),
        }),
      );
      return DeploymentNumber!;
    },
    deploySlowly(mode: string) {
      return this.deploy(mode, SlowStrategyId);
    },
    deployment: (DeploymentNumber: number) =>
      appConfig.send(new GetDeploymentCommand({ ...environment, DeploymentNumber })),
    stop: (DeploymentNumber: number) =>
      appConfig.send(new StopDeploymentCommand({ ...environment, DeploymentNumber })),
    async deploymentCount() {
      const { Items } = await appConfig.send(new ListDeploymentsCommand(environment));
      return Items!.length;
    },
    async mode(): Promise<string> {
      const { InitialConfigurationToken } = await data.send(
        new StartConfigurationSessionCommand({
          ApplicationIdentifier: ApplicationId,
          EnvironmentIdentifier: EnvironmentId,
          ConfigurationProfileIdentifier: ConfigurationProfileId,
        }),
      );
      const { Configuration } = await data.send(
        new GetLatestConfigurationCommand({ ConfigurationToken: InitialConfigurationToken }),
      );
      return JSON.parse(Configuration!.transformToString()).mode;
    },
    async alarms() {
      return (await cloudWatch.send(new DescribeAlarmsCommand({}))).MetricAlarms!;
    },
    measure: (Value: number, at: number) =>
      cloudWatch.send(
        new PutMetricDataCommand({
          Namespace: "Kept",
          MetricData: [{ MetricName: "Calls", Value, Timestamp: new Date(at) }],
        }),
      ),
    async sum(): Promise<number> {
      const { Datapoints } = await cloudWatch.send(
        new GetMetricStatisticsCommand({
          Namespace: "Kept",
          MetricName: "Calls",
          Statistics: ["Sum"],
          Period: 86_400,
          StartTime: new Date(Date.UTC(2025, 11, 31)),
          EndTime: new Date(Date.UTC(2026, 0, 3)),
        }),
      );
      return Datapoints!.reduce((sum, { Sum }) => sum + Sum!, 0);
    },
    putItem: (id: string, TableName = ids["TableName"]) =>
      dynamoDb.send(new PutItemCommand({ TableName, Item: { id: { S: id } } })),
    async hasItem(id: string): Promise<boolean> {
      const input = { TableName: ids["TableName"], Key: { id: { S: id } } };
      return (await dynamoDb.send(new GetItemCommand(input))).Item !== undefined;
    },
    async items(): Promise<ReadonlySet<string>> {
      const found = new Set<string>();
      const input = { TableName: ids["TableName"] };
      for await (const { Items } of paginateScan({ client: dynamoDb }, input)) {
        for (const { id } of Items!) found.add(id!.S!);
      }
      return found;
    },
    async tables(): Promise<readonly string[]> {
      return (await dynamoDb.send(new ListTablesCommand({}))).TableNames!;
    },
  };
}

test("is there again as it was, for the clients that it had", async (t) => {
  const { open } = setUp(t);
  const clock = manualClock();
  const cloud = await open({ clock });
  const person = operator(t, cloud);
  await person.putItem("i-1");
  await person.measure(12, clock.now());
  await clock.advance(MINUTE_MS);
  const deployed = await person.deploy("shadow");
  await clock.advance(10 * MINUTE_MS);
  const DashboardBody = '{"widgets":[]}';
  await person.cloudWatch.send(new PutDashboardCommand({ DashboardName: "mine", DashboardBody }));
  const AlarmNames = [person.ids["AlarmName"]!];
  await person.cloudWatch.send(new DisableAlarmActionsCommand({ AlarmNames }));
  const alarms = await person.alarms();
  assert.equal(alarms[0]!.StateValue, "ALARM");
  const deployment = await person.deployment(deployed);
  assert.equal(deployment.State, "COMPLETE");
  const history = new DescribeAlarmHistoryCommand({});
  const { AlarmHistoryItems } = await person.cloudWatch.send(history);
  assert.equal(AlarmHistoryItems!.length, 1);
  await cloud.close();

  const again = await open();
  for (const part of ["endpoint", "environment", "outputs"] as const) {
    assert.deepEqual(again[part], cloud[part]);
  }
  assert.ok(await person.hasItem("i-1"));
  assert.equal(await person.mode(), "shadow");
  const { $metadata: _, ...told } = await person.deployment(deployed);
  const { $metadata: __, ...wasTold } = deployment;
  assert.deepEqual(told, wasTold);
  assert.deepEqual(await person.alarms(), alarms);
  assert.equal(alarms[0]!.ActionsEnabled, false);
  assert.deepEqual((await person.cloudWatch.send(history)).AlarmHistoryItems, AlarmHistoryItems);
  assert.equal(await person.sum(), 12);
  const dashboard = await person.cloudWatch.send(
    new GetDashboardCommand({ DashboardName: "mine" }),
  );
  assert.equal(dashboard.DashboardBody, DashboardBody);
  // And goes on from there.
  assert.equal(await person.deploy("reverse-shadow"), deployed + 1);
  await person.measure(1, clock.now());
  assert.equal(await person.sum(), 13);
});

test("follows a template that has changed, and deploys no first document again", async (t) => {
  const { open } = setUp(t);
  const clock = manualClock();
  const tables = ["Table", "Gone"];
  const before = synthesizeApp(t, { alarms: ["Alarm", "GoneAlarm"], tables });
  const cloud = await open({ clock, assembly: before });
  const person = operator(t, cloud);
  await person.putItem("i-1");
  await person.measure(12, clock.now());
  await clock.advance(MINUTE_MS);
  await person.deploy("shadow");
  await clock.advance(10 * MINUTE_MS);
  await cloud.close();

  const change = { threshold: 20, tables: ["Table", "New"], description: "live" };
  const changed = await open({ assembly: synthesizeApp(t, change) });
  const { TableName, NewName, ApplicationId, EnvironmentId } = changed.outputs["Kept"]!;
  assert.equal(TableName, person.ids["TableName"]);
  assert.deepEqual(new Set(await person.tables()), new Set([NewName, TableName]));
  assert.ok(await person.hasItem("i-1"));
  const [alarm, ...others] = await person.alarms();
  assert.deepEqual(others, []);
  assert.deepEqual([alarm!.Threshold, alarm!.StateValue], [20, "ALARM"]);
  const environment = await person.appConfig.send(
    new GetEnvironmentCommand({ ApplicationId, EnvironmentId }),
  );
  assert.equal(environment.Description, "live");
  assert.equal(await person.mode(), "shadow");
  assert.equal(await person.deploymentCount(), 2);
  await changed.close();

  // Another first document is another deployment, as with CloudFormation.
  await open({ assembly: synthesizeApp(t, { ...change, document: '{"mode":"new"}' }) });
  assert.equal(await person.mode(), "new");
  assert.equal(await person.deploymentCount(), 3);
});

test("says which change a table can't follow, and opens with the template before", async (t) => {
  const { open } = setUp(t);
  const cloud = await open();
  const person = operator(t, cloud);
  await person.putItem("i-1");
  await cloud.close();
  for (const [change, part] of [
    [{ key: "customer" }, "KeySchema"],
    [{ index: true }, "GlobalSecondaryIndexes"],
  ] as const) {
    await assert.rejects(open({ assembly: synthesizeApp(t, change) }), {
      message: new RegExp(
        `^Kept: Resources\\.Table\\w+: ${part}: has changed, and the kept table has items: use another folder for the state$`,
      ),
    });
  }
  await open();
  assert.ok(await person.hasItem("i-1"));
});

test("makes an empty table anew when its keys have changed", async (t) => {
  const { open } = setUp(t);
  await (await open()).close();
  const assembly = synthesizeApp(t, { key: "customer", index: true });
  const person = operator(t, await open({ assembly }));
  const { TableName } = person.ids;
  const Item = { customer: { S: "c-1" }, owner: { S: "o-1" } };
  await person.dynamoDb.send(new PutItemCommand({ TableName, Item }));
});

test("a start that fails changes nothing", async (t) => {
  const { open } = setUp(t);
  const cloud = await open();
  const person = operator(t, cloud);
  await cloud.close();
  const broken = { broken: true, threshold: 20, document: '{"mode":"new"}', alarms: ["Other"] };
  await assert.rejects(open({ assembly: synthesizeApp(t, broken) }), /DeploymentDurationInMinutes/);
  await open();
  assert.equal(await person.mode(), "old");
  const [alarm, ...others] = await person.alarms();
  assert.deepEqual([alarm!.Threshold, others], [10, []]);
});

test("a start that can't be written says why", async (t) => {
  const { open } = setUp(t);
  t.mock.method(ClassicLevel.prototype, "batch", async () => {
    throw new Error("IO error: No space left on device");
  });
  await assert.rejects(open(), /No space left on device/);
});

test("a start that fails for what has gone changes nothing either", async (t) => {
  const { open } = setUp(t);
  const cloud = await open();
  const person = operator(t, cloud);
  await person.putItem("i-1");
  const AlarmRule = `ALARM("${person.ids["AlarmName"]}")`;
  await person.cloudWatch.send(new PutCompositeAlarmCommand({ AlarmName: "own", AlarmRule }));
  await cloud.close();
  const without = synthesizeApp(t, { alarms: [], tables: [] });
  await assert.rejects(open({ assembly: without }), /composite alarm own depends on it/);
  await open();
  assert.ok(await person.hasItem("i-1"));
});

test("a deployment that was under way goes on by the clock", async (t) => {
  const { open } = setUp(t);
  const clock = manualClock();
  const cloud = await open({ clock });
  const person = operator(t, cloud);
  const number = await person.deploySlowly("shadow");
  await clock.advance(4 * MINUTE_MS);
  assert.equal((await person.deployment(number)).PercentageComplete, 40);
  await cloud.close();

  const next = manualClock();
  const second = await open({ clock: next });
  const { State, PercentageComplete } = await person.deployment(number);
  assert.deepEqual([State, PercentageComplete], ["DEPLOYING", 40]);
  await next.advance(2 * MINUTE_MS);
  assert.equal((await person.deployment(number)).PercentageComplete, 60);
  await second.close();

  // What falls due while no cloud is there is done when one is.
  await open({ clock: manualClock(clock.now() + 60 * MINUTE_MS) });
  const { State: end, EventLog } = await person.deployment(number);
  assert.equal(end, "COMPLETE");
  assert.equal(EventLog![0]!.EventType, "DEPLOYMENT_COMPLETED");
  assert.equal(await person.mode(), "shadow");
});

test("a rollback that was under way ends", async (t) => {
  const { open } = setUp(t);
  const cloud = await open();
  const person = operator(t, cloud);
  const number = await person.deploySlowly("shadow");
  await person.stop(number);
  assert.equal((await person.deployment(number)).State, "ROLLING_BACK");
  await cloud.close();
  const clock = manualClock();
  await open({ clock });
  assert.equal((await person.deployment(number)).State, "ROLLING_BACK");
  await clock.advance(MINUTE_MS);
  assert.equal((await person.deployment(number)).State, "ROLLED_BACK");
});

test("time never goes back, however fast it went before", async (t) => {
  const { open } = setUp(t);
  const fast = await open({ clock: compressedClock(1_000_000) });
  const person = operator(t, fast);
  await person.putItem("i-1");
  await person.deploy("shadow");
  const { StartedAt } = await person.deployment(2);
  assert.ok(StartedAt!.getTime() > Date.now());
  await fast.close();
  const slow = await open({ clock: compressedClock() });
  assert.ok(slow.clock.now() >= StartedAt!.getTime());
});

test("takes another port where somebody else has its own, unless it is asked for that", async (t) => {
  const { open } = setUp(t);
  const cloud = await open();
  await cloud.close();
  const port = Number(new URL(cloud.endpoint).port);
  const server = createServer();
  await listen(server, port);
  t.after(() => closeServer(server));
  await assert.rejects(open({ port }), { code: "EADDRINUSE" });
  const other = await open();
  assert.notEqual(other.endpoint, cloud.endpoint);
  assert.deepEqual(other.credentials, cloud.credentials);
});

test("is one region's, and one cloud's at a time", async (t) => {
  const { state, open } = setUp(t);
  const cloud = await open();
  await assert.rejects(open(), { message: `${state}: another local cloud has this state in use` });
  await cloud.close();
  await assert.rejects(open({ region: "eu-west-1" }), {
    message: `${state}: this state is of region us-east-1, got eu-west-1: use another folder`,
  });
  await open();
});

test("closes under requests, each of which is done or refused", async (t) => {
  const { open } = setUp(t);
  const cloud = await open();
  const person = operator(t, cloud);
  const done: string[] = [];
  const begun = Promise.withResolvers<void>();
  const write = async (writer: number) => {
    for (let count = 0; ; count++) {
      const id = `${writer}-${count}`;
      await person.putItem(id);
      done.push(id);
      if (done.length > 50) begun.resolve();
    }
  };
  const writers = Promise.allSettled(Array.from({ length: 8 }, (_, index) => write(index)));
  await begun.promise;
  await cloud.close();
  await writers;
  await open();
  const kept = await person.items();
  assert.deepEqual(
    done.filter((id) => !kept.has(id)),
    [],
  );
});
