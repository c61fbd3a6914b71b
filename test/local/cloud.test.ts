import { CloudWatchClient, GetMetricDataCommand } from "@aws-sdk/client-cloudwatch";
import { DynamoDBClient, GetItemCommand } from "@aws-sdk/client-dynamodb";
import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { unmarshall } from "@aws-sdk/util-dynamodb";
import {
  App,
  CfnOutput,
  CfnParameter,
  CfnResource,
  Duration,
  Stack,
  aws_appconfig as appconfig,
  aws_cloudwatch as cloudwatch,
  aws_dynamodb as dynamodb,
  aws_iam as iam,
  aws_lambda as lambda,
  aws_logs as logs,
} from "aws-cdk-lib";
import { buildSync } from "esbuild";
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { openCloud, type Cloud, type CloudOptions } from "../../lib/local/cloud.ts";
import type { LogLine } from "../../lib/local/lambda/index.ts";
import { isAlive } from "./lambda/harness.ts";

function temporaryDirectory(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), "segue-test-"));
  t.after(() => rmSync(directory, { recursive: true }));
  return directory;
}

/** Synthesizes the stacks of an app, as `cdk synth` does. */
function synth(t: TestContext, define: (app: App) => void): string {
  const app = new App({
    outdir: join(temporaryDirectory(t), "cdk.out"),
    analyticsReporting: false,
  });
  define(app);
  return app.synth().directory;
}

const handlerSource = `
  import { DynamoDBClient, PutItemCommand } from "@aws-sdk/client-dynamodb";
  import { marshall } from "@aws-sdk/util-dynamodb";
  const client = new DynamoDBClient({});
  export const handler = async (event: { id: string }) => {
    const { AWS_APPCONFIG_EXTENSION_HTTP_PORT: port, APPLICATION, TABLE } = process.env;
    const url = \`http://localhost:\${port}/applications/\${APPLICATION}/environments/test/configurations/mode\`;
    const { mode } = await (await fetch(url)).json() as { mode: string };
    await client.send(new PutItemCommand({ TableName: TABLE, Item: marshall({ ...event, mode }) }));
    console.log(JSON.stringify({
      _aws: {
        Timestamp: Date.now(),
        CloudWatchMetrics: [{ Namespace: "Segue", Dimensions: [[]], Metrics: [{ Name: "Calls" }] }],
      },
      Calls: 1,
    }));
    return { mode, pid: process.pid };
  };`;

/** A function, bundled without the SDK, that reads a mode, writes to a table and logs a metric. */
function ordersStack(app: App, code: string): void {
  const stack = new Stack(app, "Orders");
  const table = new dynamodb.TableV2(stack, "Table", {
    partitionKey: { name: "id", type: dynamodb.AttributeType.STRING },
  });
  const application = new appconfig.Application(stack, "Application", {
    applicationName: "customer-ids",
  });
  const fn = new lambda.Function(stack, "Function", {
    runtime: lambda.Runtime.NODEJS_24_X,
    handler: "index.handler",
    code: lambda.Code.fromAsset(code),
    timeout: Duration.seconds(30),
    environment: { TABLE: table.tableName, APPLICATION: application.name! },
    layers: [
      lambda.LayerVersion.fromLayerVersionArn(
        stack,
        "Agent",
        appconfig.Application.getLambdaLayerVersionArn("us-east-1"),
      ),
    ],
  });
  table.grantReadWriteData(fn);
  fn.addToRolePolicy(
    new iam.PolicyStatement({
      actions: ["appconfig:StartConfigurationSession", "appconfig:GetLatestConfiguration"],
      resources: [
        stack.formatArn({
          service: "appconfig",
          resource: "application",
          resourceName: `${application.applicationId}/environment/*/configuration/*`,
        }),
      ],
    }),
  );
  const alarm = new cloudwatch.Alarm(stack, "Alarm", {
    metric: new cloudwatch.Metric({ namespace: "Segue", metricName: "Calls" }),
    threshold: 100,
    evaluationPeriods: 1,
    treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
  });
  const environment = new appconfig.Environment(stack, "Environment", {
    application,
    environmentName: "test",
  });
  // A monitor of its own environment: a deployment under an alarm that is new, and so has no data
  // yet, is rolled back at once.
  new appconfig.Environment(stack, "Monitored", {
    application,
    monitors: [appconfig.Monitor.fromCloudWatchAlarm(alarm)],
  });
  new appconfig.HostedConfiguration(stack, "Mode", {
    application,
    name: "mode",
    content: appconfig.ConfigurationContent.fromInlineJson('{"mode":"shadow"}'),
    deployTo: [environment],
    deploymentStrategy: new appconfig.DeploymentStrategy(stack, "AtOnce", {
      rolloutStrategy: appconfig.RolloutStrategy.linear({
        growthFactor: 100,
        deploymentDuration: Duration.minutes(0),
        finalBakeTime: Duration.minutes(0),
      }),
    }),
  });
  new CfnOutput(stack, "TableName", { value: table.tableName });
  new CfnOutput(stack, "FunctionArn", { value: fn.functionArn });
}

function clients(t: TestContext, cloud: Cloud) {
  const options = {
    endpoint: cloud.endpoint,
    region: cloud.region,
    credentials: cloud.credentials,
    maxAttempts: 1,
  };
  const made = {
    lambda: new LambdaClient(options),
    dynamoDb: new DynamoDBClient(options),
    cloudWatch: new CloudWatchClient(options),
  };
  t.after(() => Object.values(made).forEach((client) => client.destroy()));
  return made;
}

test("stands up an app, whose function uses every service, and leaves nothing behind", async (t) => {
  const code = temporaryDirectory(t);
  buildSync({
    stdin: { contents: handlerSource, loader: "ts" },
    outfile: join(code, "index.mjs"),
    bundle: true,
    format: "esm",
    platform: "node",
    external: ["@aws-sdk/*"],
  });
  const assembly = synth(t, (app) => ordersStack(app, code));
  const lines: LogLine[] = [];
  const cloud = await openCloud({ assembly, onLog: (line) => lines.push(line) });
  t.after(() => cloud.close());
  const { TableName, FunctionArn } = cloud.outputs["Orders"]!;
  const { lambda: lambdaClient, dynamoDb, cloudWatch } = clients(t, cloud);
  assert.match(FunctionArn!, /^arn:aws:lambda:us-east-1:123456789012:function:Orders-Function/);

  const command = new InvokeCommand({ FunctionName: FunctionArn, Payload: '{"id":"o-1"}' });
  const { Payload, FunctionError } = await lambdaClient.send(command);
  const result = JSON.parse(Payload!.transformToString());
  assert.equal(FunctionError, undefined, JSON.stringify(result));
  assert.equal(result.mode, "shadow");

  const Key = { id: { S: "o-1" } };
  const { Item } = await dynamoDb.send(new GetItemCommand({ TableName, Key }));
  assert.deepEqual(unmarshall(Item!), { id: "o-1", mode: "shadow" });

  assert.equal(lines.filter(({ line }) => line.includes("Calls")).length, 1);
  const now = Date.now();
  const { MetricDataResults } = await cloudWatch.send(
    new GetMetricDataCommand({
      StartTime: new Date(now - 3_600_000),
      EndTime: new Date(now + 3_600_000),
      MetricDataQueries: [
        {
          Id: "calls",
          MetricStat: {
            Metric: { Namespace: "Segue", MetricName: "Calls" },
            Period: 3600,
            Stat: "Sum",
          },
        },
      ],
    }),
  );
  const sum = MetricDataResults![0]!.Values!.reduce((left, right) => left + right, 0);
  assert.equal(sum, 1);

  await cloud.close();
  assert.ok(!isAlive(result.pid));
  await assert.rejects(fetch(cloud.endpoint));
});

const echo = "exports.handler = async (event) => process.env.UPSTREAM ?? event;";
const inlineFunction = (stack: Stack, environment: Record<string, string> = {}) =>
  new lambda.Function(stack, "Function", {
    runtime: lambda.Runtime.NODEJS_22_X,
    handler: "index.handler",
    code: lambda.Code.fromInline(echo),
    environment,
  });

test("stands up stacks that refer to each other, all or some", async (t) => {
  const assembly = synth(t, (app) => {
    const data = new Stack(app, "Data");
    const table = new dynamodb.Table(data, "Table", {
      partitionKey: { name: "id", type: dynamodb.AttributeType.STRING },
      timeToLiveAttribute: "expiresAt",
    });
    const service = new Stack(app, "Service");
    const fn = inlineFunction(service, { UPSTREAM: table.tableName });
    new CfnOutput(service, "FunctionName", { value: fn.functionName });
    new logs.LogGroup(new Stack(app, "Other"), "LogGroup");
  });
  const cloud = await openCloud({ assembly, stacks: ["Service"] });
  t.after(() => cloud.close());
  assert.deepEqual(Object.keys(cloud.outputs), ["Data", "Service"]);
  const { FunctionName } = cloud.outputs["Service"]!;
  const { Payload } = await clients(t, cloud).lambda.send(new InvokeCommand({ FunctionName }));
  assert.match(JSON.parse(Payload!.transformToString()), /^Data-Table/);
});

test("is at a disposal's end", async (t) => {
  const assembly = synth(t, (app) => void inlineFunction(new Stack(app, "Orders")));
  let endpoint;
  {
    await using cloud = await openCloud({ assembly });
    ({ endpoint } = cloud);
    assert.equal((await fetch(endpoint)).status, 403);
  }
  await assert.rejects(fetch(endpoint));
});

/** The orders' stack with a function that says what its AppConfig agent answers, as a status. */
async function openAgentStatus(t: TestContext, options: Partial<CloudOptions> = {}) {
  const code = temporaryDirectory(t);
  buildSync({
    stdin: {
      contents: `export const handler = async () => {
        const { AWS_APPCONFIG_EXTENSION_HTTP_PORT: port } = process.env;
        const path = "applications/customer-ids/environments/test/configurations/mode";
        return (await fetch(\`http://localhost:\${port}/\${path}\`)).status;
      }`,
    },
    outfile: join(code, "index.mjs"),
    format: "esm",
  });
  const assembly = synth(t, (app) => ordersStack(app, code));
  const cloud = await openCloud({ assembly, ...options });
  t.after(() => cloud.close());
  const { FunctionArn } = cloud.outputs["Orders"]!;
  const client = clients(t, cloud).lambda;
  const status = async () => {
    const { Payload } = await client.send(new InvokeCommand({ FunctionName: FunctionArn }));
    return JSON.parse(Payload!.transformToString());
  };
  return { cloud, status };
}

test("injects faults into what functions ask AppConfig for, too", async (t) => {
  const { cloud, status } = await openAgentStatus(t);
  const respond = () => ({ status: 500, body: "{}" });
  const remove = cloud.inject({ service: "appconfig", respond });
  assert.notEqual(await status(), 200);
  remove();
  assert.equal(await status(), 200);
});

test("an agent reads what its function may read, and nothing else", async (t) => {
  const read = await openAgentStatus(t);
  assert.equal(await read.status(), 200);
  for (const action of ["StartConfigurationSession", "GetLatestConfiguration"]) {
    const { status } = await openAgentStatus(t, {
      withhold: ({ statement }) => statement.Action === `appconfig:${action}`,
    });
    assert.equal(await status(), 500, action);
  }
});

test("says what it doesn't know, in every stack, before it makes anything", async (t) => {
  const assembly = synth(t, (app) => {
    inlineFunction(new Stack(app, "First"));
    new CfnResource(new Stack(app, "Second"), "Queue", { type: "AWS::SQS::Queue" });
  });
  await assert.rejects(openCloud({ assembly }), {
    name: "TemplateError",
    message: "Second: Resources.Queue: unknown resource type AWS::SQS::Queue",
  });
});

test("gives a stack its parameters, and refuses those of a stack that isn't there", async (t) => {
  const assembly = synth(t, (app) => {
    const stack = new Stack(app, "Orders");
    const { valueAsString } = new CfnParameter(stack, "Url");
    new CfnOutput(stack, "Out", { value: valueAsString });
  });
  const url = "http://127.0.0.1:1";
  await using cloud = await openCloud({ assembly, parameters: { Orders: { Url: url } } });
  assert.equal(cloud.outputs["Orders"]?.["Out"], url);
  await assert.rejects(openCloud({ assembly, parameters: { Order: { Url: url } } }), {
    message: "parameters: got Order, the assembly has no such stack",
  });
});

test("closes what it has opened when it can't stand up", async (t) => {
  const assembly = synth(t, (app) => {
    const stack = new Stack(app, "Orders");
    inlineFunction(stack).node.addDependency(
      new dynamodb.Table(stack, "Table", {
        partitionKey: { name: "id", type: dynamodb.AttributeType.STRING },
      }),
    );
    new lambda.Function(stack, "Broken", {
      runtime: lambda.Runtime.PYTHON_3_13,
      handler: "index.handler",
      code: lambda.Code.fromInline("pass"),
    });
  });
  // A port of its own, to see that it is free again.
  const before = await openCloud({ assembly: synth(t, smallApp) });
  await before.close();
  const port = Number(new URL(before.endpoint).port);
  await assert.rejects(openCloud({ assembly, port }), {
    message:
      /^Orders: Resources\.Broken\w+: AWS::Lambda::Function: Runtime: got python3\.13, allowed is /,
  });
  const again = await openCloud({ assembly: synth(t, smallApp), port });
  t.after(() => again.close());
  assert.equal(again.endpoint, before.endpoint);
});

function smallApp(app: App): void {
  new logs.LogGroup(new Stack(app, "Small"), "LogGroup");
}
