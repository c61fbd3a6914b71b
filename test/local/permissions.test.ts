import { CloudWatchClient, DescribeAlarmsCommand } from "@aws-sdk/client-cloudwatch";
import { DynamoDBClient, ListTablesCommand } from "@aws-sdk/client-dynamodb";
import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { PublishCommand, SNSClient } from "@aws-sdk/client-sns";
import {
  App,
  CfnOutput,
  Duration,
  Stack,
  aws_appconfig as appconfig,
  aws_cloudwatch as cloudwatch,
  aws_dynamodb as dynamodb,
  aws_iam as iam,
  aws_lambda as lambda,
  aws_sns as sns,
} from "aws-cdk-lib";
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it, test, type TestContext } from "node:test";
import { openCloud, type CloudOptions } from "../../lib/local/cloud.ts";

function synth(define: (stack: Stack) => void): string {
  const outdir = join(mkdtempSync(join(tmpdir(), "segue-test-")), "cdk.out");
  const app = new App({ outdir, analyticsReporting: false });
  define(new Stack(app, "Shop"));
  return app.synth().directory;
}

/** A function that does what it is told to: an operation of the AWS SDK. */
const doerSource = `exports.handler = async ({ client, command, input }) => {
  const sdk = require("@aws-sdk/client-" + client);
  const Client = Object.values(sdk).find(({ name }) => /^[A-Z]\\w+Client$/.test(name ?? ""));
  try {
    await new Client({ maxAttempts: 1 }).send(new sdk[command + "Command"](input));
    return "done";
  } catch (error) {
    return [error.name, error.message, error.$metadata?.httpStatusCode];
  }
};`;

function doerFunction(stack: Stack, id = "Doer"): lambda.Function {
  const fn = new lambda.Function(stack, id, {
    runtime: lambda.Runtime.NODEJS_24_X,
    handler: "index.handler",
    code: lambda.Code.fromInline(doerSource),
    functionName: id,
    timeout: Duration.seconds(20),
  });
  return fn;
}

const tableOf = (stack: Stack, tableName: string) =>
  new dynamodb.Table(stack, tableName, {
    tableName,
    partitionKey: { name: "id", type: dynamodb.AttributeType.STRING },
  });

async function open(assembly: string, options: Partial<CloudOptions> = {}) {
  const cloud = await openCloud({ assembly, ...options });
  const client = new LambdaClient({
    endpoint: cloud.endpoint,
    region: cloud.region,
    credentials: cloud.credentials,
    maxAttempts: 1,
  });
  return {
    cloud,
    invoke: async (FunctionName: string, event: unknown): Promise<any> => {
      const Payload = JSON.stringify(event);
      const answer = await client.send(new InvokeCommand({ FunctionName, Payload }));
      return JSON.parse(answer.Payload!.transformToString());
    },
    async close() {
      client.destroy();
      await cloud.close();
      rmSync(join(assembly, ".."), { recursive: true });
    },
  };
}

describe("a function does what its role allows, and nothing else", () => {
  const assembly = synth((stack) => {
    const doer = doerFunction(stack);
    const orders = tableOf(stack, "orders");
    tableOf(stack, "payments");
    orders.grant(doer, "dynamodb:PutItem", "dynamodb:BatchWriteItem", "dynamodb:GetItem");
    doer.addToRolePolicy(
      new iam.PolicyStatement({
        effect: iam.Effect.DENY,
        actions: ["dynamodb:Get*"],
        resources: ["*"],
      }),
    );
    cloudwatch.Metric.grantPutMetricData(doer);
    doer.addToRolePolicy(
      new iam.PolicyStatement({
        effect: iam.Effect.DENY,
        actions: ["cloudwatch:PutMetricData"],
        resources: ["*"],
        conditions: { StringNotEquals: { "cloudwatch:namespace": "Shop" } },
      }),
    );
    const topic = new sns.Topic(stack, "Topic", { topicName: "news" });
    topic.grantPublish(doer);
    new sns.Topic(stack, "Other", { topicName: "secrets" });
    doer.addToRolePolicy(
      new iam.PolicyStatement({
        actions: ["cloudwatch:DescribeAlarms"],
        resources: [`arn:aws:cloudwatch:*:${stack.account}:alarm:mine`],
      }),
    );
    doer.addToRolePolicy(
      new iam.PolicyStatement({
        actions: ["appconfig:GetApplication", "appconfig:GetEnvironment"],
        resources: ["arn:aws:appconfig:*:*:application/shop001"],
      }),
    );
    doer.addToRolePolicy(
      new iam.PolicyStatement({
        actions: ["lambda:InvokeFunction"],
        resources: ["arn:aws:lambda:*:*:function:Doer"],
      }),
    );
  });
  let shop: Awaited<ReturnType<typeof open>>;
  before(async () => (shop = await open(assembly)));
  after(() => shop?.close());

  const Item = { id: { S: "1" } };
  const write = { PutRequest: { Item } };
  const TopicArn = (name: string) => `arn:aws:sns:us-east-1:123456789012:${name}`;
  const metric = (Namespace: string) => ({
    Namespace,
    MetricData: [{ MetricName: "m", Value: 1 }],
  });
  const session = {
    ApplicationIdentifier: "a",
    EnvironmentIdentifier: "e",
    ConfigurationProfileIdentifier: "p",
  };
  const user = /User: arn:aws:sts::123456789012:assumed-role\/[\w-]+\/Doer is not authorized to /;

  type Expected = "done" | [name: string, message: RegExp, status: number];
  const cases: [client: string, command: string, input: object, Expected][] = [
    ["dynamodb", "PutItem", { TableName: "orders", Item }, "done"],
    [
      "dynamodb",
      "PutItem",
      { TableName: "payments", Item },
      [
        "AccessDeniedException",
        /perform: dynamodb:PutItem on resource: arn:aws:dynamodb:us-east-1:123456789012:table\/payments because no identity-based policy allows the dynamodb:PutItem action$/,
        400,
      ],
    ],
    ["dynamodb", "BatchWriteItem", { RequestItems: { orders: [write] } }, "done"],
    [
      "dynamodb",
      "BatchWriteItem",
      { RequestItems: { orders: [write], payments: [write] } },
      ["AccessDeniedException", /BatchWriteItem on resource: .*table\/payments because/, 400],
    ],
    [
      "dynamodb",
      "GetItem",
      { TableName: "orders", Key: Item },
      [
        "AccessDeniedException",
        /dynamodb:GetItem on resource: .*orders with an explicit deny in an identity-based policy$/,
        400,
      ],
    ],
    [
      "dynamodb",
      "Query",
      { TableName: "orders", IndexName: "byCustomer", KeyConditionExpression: "id = id" },
      ["AccessDeniedException", /dynamodb:Query on resource: .*table\/orders\/index\/byCust/, 400],
    ],
    ["dynamodb", "ListTables", {}, ["AccessDeniedException", /ListTables on resource: \* /, 400]],
    ["cloudwatch", "PutMetricData", metric("Shop"), "done"],
    [
      "cloudwatch",
      "PutMetricData",
      metric("Else"),
      ["AccessDenied", /cloudwatch:PutMetricData on resource: \* with an explicit/, 403],
    ],
    ["cloudwatch", "DescribeAlarms", { AlarmNames: ["mine"] }, "done"],
    [
      "cloudwatch",
      "DescribeAlarms",
      { AlarmNames: ["mine", "yours"] },
      ["AccessDenied", /DescribeAlarms on resource: .*:alarm:yours because/, 403],
    ],
    [
      "cloudwatch",
      "DescribeAlarms",
      { AlarmNames: ["mine"], AlarmTypes: ["CompositeAlarm"] },
      ["AccessDenied", /DescribeAlarms on resource: \* because/, 403],
    ],
    ["sns", "Publish", { TopicArn: TopicArn("news"), Message: "<hello>" }, "done"],
    [
      "sns",
      "Publish",
      { TopicArn: TopicArn("secrets"), Message: "hello" },
      ["AuthorizationErrorException", /SNS:Publish on resource: .*:secrets because/, 403],
    ],
    [
      "appconfig",
      "GetApplication",
      { ApplicationId: "shop001" },
      // It may ask, but there is none.
      ["ResourceNotFoundException", /Application/, 404],
    ],
    [
      "appconfig",
      "GetApplication",
      { ApplicationId: "shop002" },
      [
        "AccessDeniedException",
        /appconfig:GetApplication on resource: .*:application\/shop002/,
        403,
      ],
    ],
    [
      "appconfig",
      "GetEnvironment",
      { ApplicationId: "shop001", EnvironmentId: "env0001" },
      ["AccessDeniedException", /GetEnvironment on resource: .*001\/environment\/env0001/, 403],
    ],
    [
      "appconfig",
      "ListApplications",
      {},
      ["AccessDeniedException", /ListApplications on resource: \* /, 403],
    ],
    [
      "appconfigdata",
      "StartConfigurationSession",
      session,
      ["ResourceNotFoundException", /./, 404],
    ],
    [
      "lambda",
      "Invoke",
      { FunctionName: "Other" },
      [
        "AccessDeniedException",
        /lambda:InvokeFunction on resource: .*:function:Other because/,
        403,
      ],
    ],
    ["lambda", "Invoke", { FunctionName: "Doer", InvocationType: "DryRun" }, "done"],
    [
      "lambda",
      "GetFunctionConfiguration",
      { FunctionName: "arn:aws:lambda:us-east-1:123456789012:function:Doer" },
      [
        "AccessDeniedException",
        /lambda:GetFunctionConfiguration on resource: .*:Doer because/,
        403,
      ],
    ],
    [
      "lambda",
      "ListFunctions",
      {},
      ["AccessDeniedException", /ListFunctions on resource: \*/, 403],
    ],
  ];
  for (const [client, command, input, expected] of cases) {
    it(`${client} ${command} ${JSON.stringify(input)}`, async () => {
      const result = await shop.invoke("Doer", { client, command, input });
      if (expected === "done") return assert.equal(result, "done");
      const [name, message, status] = result;
      assert.equal(name, expected[0], message);
      assert.match(message, expected[1]);
      if (expected[0] !== "ResourceNotFoundException") assert.match(message, user);
      assert.equal(status, expected[2]);
    });
  }

  it("counts what its grants were used for", () => {
    const used = shop.cloud.iam.grants().filter(({ uses }) => uses > 0);
    const counts = used.map(({ statement, uses }) => [statement.Action, uses] as const);
    assert.deepEqual(Object.fromEntries(counts), {
      "dynamodb:PutItem": 1,
      // Once by the request that was refused for its other table.
      "dynamodb:BatchWriteItem": 2,
      "cloudwatch:PutMetricData": 1,
      "cloudwatch:DescribeAlarms": 2,
      "sns:Publish": 1,
      "appconfig:GetApplication": 1,
      "appconfig:GetEnvironment": 1,
      "lambda:InvokeFunction": 1,
    });
  });
});

test("keys that nobody has are refused, by each service in its own way", async (t) => {
  const shop = await open(synth((stack) => void tableOf(stack, "orders")));
  t.after(() => shop.close());
  const { endpoint, region } = shop.cloud;
  const config = {
    endpoint,
    region,
    credentials: { accessKeyId: "AKIASTRANGER", secretAccessKey: "s" },
    maxAttempts: 1,
  };
  const refused: [() => Promise<unknown>, string][] = [
    [() => new DynamoDBClient(config).send(new ListTablesCommand()), "UnrecognizedClientException"],
    [
      () => new CloudWatchClient(config).send(new DescribeAlarmsCommand()),
      // CloudWatch's client has the code of the query protocol for it, as SNS's does.
      "InvalidClientTokenId",
    ],
    [
      () => new LambdaClient(config).send(new InvokeCommand({ FunctionName: "f" })),
      "UnrecognizedClientException",
    ],
    [
      () => new SNSClient(config).send(new PublishCommand({ Message: "m", TopicArn: "t" })),
      "InvalidClientTokenId",
    ],
  ];
  for (const [send, name] of refused) {
    await assert.rejects(send(), {
      name,
      message: "The security token included in the request is invalid.",
    });
  }
});

describe("what one grant less does", () => {
  const assembly = () =>
    synth((stack) => {
      const doer = doerFunction(stack);
      tableOf(stack, "orders").grant(doer, "dynamodb:PutItem", "dynamodb:GetItem");
    });
  const put = {
    client: "dynamodb",
    command: "PutItem",
    input: { TableName: "orders", Item: { id: { S: "1" } } },
  };

  it("shows who misses it", async (t) => {
    const shop = await open(assembly(), {
      withhold: ({ statement }) => statement.Action === "dynamodb:PutItem",
    });
    t.after(() => shop.close());
    assert.equal((await shop.invoke("Doer", put))[0], "AccessDeniedException");
    const left = shop.cloud.iam.grants().map(({ statement }) => statement.Action);
    assert.deepEqual(left, ["dynamodb:GetItem"]);
  });

  it("shows which are to spare, by their use", async (t) => {
    const shop = await open(assembly());
    t.after(() => shop.close());
    assert.equal(await shop.invoke("Doer", put), "done");
    const unused = shop.cloud.iam.grants().filter(({ uses }) => uses === 0);
    assert.deepEqual(
      unused.map(({ stackName, logicalId, of, statement }) => [
        stackName,
        logicalId.replace(/[0-9A-F]{8}$/, ""),
        of.replace(/[0-9A-F]{8}-[0-9A-F]+$/, ""),
        statement.Action,
      ]),
      [
        [
          "Shop",
          "DoerServiceRoleDefaultPolicy",
          "arn:aws:iam::123456789012:role/Shop-DoerServiceRole",
          "dynamodb:GetItem",
        ],
      ],
    );
  });
});

describe("what a template can't have", () => {
  const refuses = (name: string, define: (stack: Stack) => void, message: RegExp) => {
    it(name, async () => {
      const assembly = synth(define);
      await assert.rejects(openCloud({ assembly }), { message });
      rmSync(join(assembly, ".."), { recursive: true });
    });
  };

  const role = (stack: Stack, service: string, props: Partial<iam.RoleProps> = {}) =>
    new iam.Role(stack, "Role", { assumedBy: new iam.ServicePrincipal(service), ...props });

  refuses(
    "a function in a role that Lambda may not take on",
    (stack) => {
      new lambda.Function(stack, "Function", {
        runtime: lambda.Runtime.NODEJS_24_X,
        handler: "index.handler",
        code: lambda.Code.fromInline(doerSource),
        role: role(stack, "events.amazonaws.com"),
      });
    },
    /lambda\.amazonaws\.com can't assume the role/,
  );
  refuses(
    "a managed policy of which nobody here knows what it says",
    (stack) =>
      void role(stack, "lambda.amazonaws.com", {
        managedPolicies: [iam.ManagedPolicy.fromAwsManagedPolicyName("AdministratorAccess")],
      }),
    /AdministratorAccess, allowed are/,
  );
  refuses(
    "a condition that isn't understood",
    (stack) =>
      void role(stack, "lambda.amazonaws.com").addToPolicy(
        new iam.PolicyStatement({
          actions: ["dynamodb:*"],
          resources: ["*"],
          conditions: { IpAddress: { "aws:SourceIp": "10.0.0.0/8" } },
        }),
      ),
    /unknown key aws:SourceIp/,
  );
});

test("AppConfig sees a monitor's alarm by its role, and invokes a validator by its policy", async (t) => {
  const code = lambda.Code.fromInline("exports.handler = async () => {};");
  const assembly = () =>
    synth((stack) => {
      const gate = new lambda.Function(stack, "Gate", {
        runtime: lambda.Runtime.NODEJS_24_X,
        handler: "index.handler",
        code,
      });
      const alarm = new cloudwatch.Alarm(stack, "Alarm", {
        metric: new cloudwatch.Metric({ namespace: "Shop", metricName: "Errors" }),
        threshold: 1,
        evaluationPeriods: 1,
      });
      const unhealthy = new cloudwatch.CompositeAlarm(stack, "Unhealthy", {
        alarmRule: cloudwatch.AlarmRule.fromAlarm(alarm, cloudwatch.AlarmState.ALARM),
      });
      const application = new appconfig.Application(stack, "Application");
      new appconfig.HostedConfiguration(stack, "Mode", {
        application,
        content: appconfig.ConfigurationContent.fromInlineJson("{}"),
        validators: [appconfig.LambdaValidator.fromFunction(gate)],
        deployTo: [
          new appconfig.Environment(stack, "Environment", {
            application,
            monitors: [appconfig.Monitor.fromCloudWatchAlarm(unhealthy)],
          }),
        ],
        deploymentStrategy: new appconfig.DeploymentStrategy(stack, "AtOnce", {
          rolloutStrategy: appconfig.RolloutStrategy.linear({
            growthFactor: 100,
            deploymentDuration: Duration.minutes(0),
            finalBakeTime: Duration.minutes(0),
          }),
        }),
      });
      new CfnOutput(stack, "Gate_", { value: gate.functionName });
    });

  await t.test("with both, it deploys", async (each: TestContext) => {
    const shop = await open(assembly());
    each.after(() => shop.close());
    const unused = shop.cloud.iam.grants().filter(({ uses }) => uses === 0);
    assert.deepEqual(unused, []);
  });
  for (const [action, message] of [
    ["cloudwatch:DescribeAlarms", /role\/\S+ is not authorized to perform: cloudwatch:Describe/],
    [
      "lambda:InvokeFunction",
      /appconfig\.amazonaws\.com is not authorized to perform: lambda:InvokeFunction on resource: \S+:function:\S+ because no resource-based policy allows/,
    ],
  ] as const) {
    await t.test(`without ${action}, it doesn't`, async () => {
      const directory = assembly();
      const withhold: CloudOptions["withhold"] = ({ statement }) => statement.Action === action;
      await assert.rejects(openCloud({ assembly: directory, withhold }), { message });
      rmSync(join(directory, ".."), { recursive: true });
    });
  }
});
