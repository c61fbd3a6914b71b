import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { App, Duration, Stack, Tags } from "aws-cdk-lib";
import { Application } from "aws-cdk-lib/aws-appconfig";
import { Match, Template } from "aws-cdk-lib/assertions";
import { AttributeType, Table } from "aws-cdk-lib/aws-dynamodb";
import { User } from "aws-cdk-lib/aws-iam";
import { Key } from "aws-cdk-lib/aws-kms";
import { Architecture, Code, Function, Runtime } from "aws-cdk-lib/aws-lambda";
import { Topic } from "aws-cdk-lib/aws-sns";
import { Migration, type MigrationProps } from "../../lib/cdk/index.ts";
import { MODE_DOCUMENT_SCHEMA } from "../../lib/mode/mode-document-schema.ts";
import { migrationOfProfile, type MigrationParts } from "../../lib/rollout/migration-parts.ts";
import { DEFAULT_THRESHOLDS } from "../../lib/rollout/gate-thresholds.ts";

function stackOf(region?: string): Stack {
  // The code of the functions is no matter of these tests.
  const app = new App({ context: { "aws:cdk:bundling-stacks": [] } });
  return new Stack(app, "Test", region === undefined ? {} : { env: { region } });
}

function functionOf(stack: Stack, id = "Fn"): Function {
  return new Function(stack, id, {
    runtime: Runtime.NODEJS_24_X,
    architecture: Architecture.ARM_64,
    handler: "index.handler",
    code: Code.fromInline("exports.handler = async () => {}"),
  });
}

function instrumented(props: Partial<MigrationProps> = {}, region?: string): Template {
  const stack = stackOf(region);
  new Migration(stack, "Things", { migrationName: "things", ...props }).instrument(
    functionOf(stack),
  );
  return Template.fromStack(stack);
}

/** The one resource of a type. */
function only(template: Template, type: string): any {
  const [resource, ...others] = Object.values(template.findResources(type));
  assert.equal(others.length, 0);
  return resource!.Properties;
}

/** The properties of the one resource of a type whose logical id begins so. */
function named(template: Template, type: string, id: string): any {
  const found = Object.entries(template.findResources(type)).filter(([key]) => key.startsWith(id));
  assert.equal(found.length, 1, `${type} ${id}`);
  return found[0]![1].Properties;
}

const instrumentedFunction = (template: Template) => named(template, "AWS::Lambda::Function", "Fn");

describe("Migration", () => {
  it("deploys the first document, at once, and nothing of it depends on props", () => {
    const first = (props: Partial<MigrationProps>) => {
      const template = instrumented(props);
      return [
        named(template, "AWS::AppConfig::HostedConfigurationVersion", "ThingsMode"),
        template.findResources("AWS::AppConfig::Deployment"),
      ];
    };
    const plain = first({});
    assert.deepEqual(
      plain,
      first({
        defaultMode: "shadow",
        rolloutDuration: Duration.minutes(1),
        bakeTime: Duration.minutes(1),
        rolloutStepPercent: 50,
        mismatchRatePercent: 5,
        recordRetention: Duration.days(1),
      }),
    );
    assert.equal(plain[0].Content, '{"mode":"old"}');
  });

  it("keeps tags off the first deployment, which a changed tag would deploy again", () => {
    const stack = stackOf();
    Tags.of(stack).add("commit", "abc123");
    new Migration(stack, "Things", { migrationName: "things" });
    const template = Template.fromStack(stack);
    assert.equal(only(template, "AWS::AppConfig::Deployment").Tags, undefined);
    assert.ok(only(template, "AWS::AppConfig::Application").Tags, "others have them");
  });

  it("refuses the same name twice in a stack, whose metrics would be one", () => {
    const stack = stackOf();
    new Migration(stack, "One", { migrationName: "things" });
    assert.throws(() => new Migration(stack, "Two", { migrationName: "things" }), /each name once/);
  });

  it("alarms on the mismatch rate, with a minimum count, and not on silence", () => {
    const template = instrumented({ mismatchRatePercent: 2, minimumComparisons: 50 });
    template.hasResourceProperties("AWS::CloudWatch::Alarm", {
      Threshold: 2,
      ComparisonOperator: "GreaterThanThreshold",
      TreatMissingData: "notBreaching",
      Metrics: Match.arrayWith([
        Match.objectLike({
          Expression: "IF(comparisons >= 50, 100 * disagreements / comparisons, 0)",
        }),
        Match.objectLike({
          MetricStat: Match.objectLike({
            Metric: {
              Namespace: "Segue",
              MetricName: "Disagreements",
              Dimensions: [{ Name: "Migration", Value: "things" }],
            },
            Stat: "Sum",
            Period: 60,
          }),
        }),
      ]),
    });
  });

  it("lets AppConfig watch a composite, which knows no INSUFFICIENT_DATA of its alarms", () => {
    const template = instrumented();
    const [compositeId] = Object.keys(template.findResources("AWS::CloudWatch::CompositeAlarm"));
    const alarmIds = Object.keys(template.findResources("AWS::CloudWatch::Alarm"));
    const rule = JSON.stringify(only(template, "AWS::CloudWatch::CompositeAlarm").AlarmRule);
    assert.match(rule, /ALARM\(/);
    // A rollback is no help against the others; ADR 5 tells why.
    const watched = alarmIds.filter((id) => rule.includes(id));
    assert.deepEqual(
      new Set(watched.map((id) => id.replace(/^Things|[A-F0-9]{8}$/g, ""))),
      new Set(["Fallbacks", "MismatchRate", "V2Errors", "V2Latency"]),
    );
    const { Monitors } = only(template, "AWS::AppConfig::Environment");
    assert.equal(Monitors.length, 1);
    assert.deepEqual(Monitors[0].AlarmArn, { "Fn::GetAtt": [compositeId, "Arn"] });
  });

  it("makes strategies for steps that are watched, and for steps at once", () => {
    const template = instrumented({
      rolloutDuration: Duration.minutes(30),
      rolloutStepPercent: 10,
      bakeTime: Duration.minutes(15),
    });
    template.hasResourceProperties("AWS::AppConfig::DeploymentStrategy", {
      DeploymentDurationInMinutes: 30,
      GrowthFactor: 10,
      FinalBakeTimeInMinutes: 15,
      GrowthType: "LINEAR",
    });
    template.hasResourceProperties("AWS::AppConfig::DeploymentStrategy", {
      DeploymentDurationInMinutes: 0,
      GrowthFactor: 100,
      FinalBakeTimeInMinutes: 0,
    });
  });

  it("keeps records in a table with an expiry, on demand, and keeps the table", () => {
    const template = instrumented();
    template.hasResource("AWS::DynamoDB::Table", {
      DeletionPolicy: "Retain",
      Properties: {
        BillingMode: "PAY_PER_REQUEST",
        TimeToLiveSpecification: { AttributeName: "expiresAt", Enabled: true },
      },
    });
  });
});

describe("the alarms", () => {
  it("are those of the design, each with what is the matter and the way into the runbook", () => {
    const template = instrumented({ dualWrites: true, runbookUrl: "https://example.org/runbook" });
    const alarms = Object.values(template.findResources("AWS::CloudWatch::Alarm"));
    assert.equal(alarms.length, 8);
    for (const { Properties } of alarms) {
      assert.match(
        Properties.AlarmDescription,
        /^things: .*\. Runbook: https:\/\/example\.org\/runbook#[a-z0-9]+$/,
      );
      assert.equal(Properties.TreatMissingData, "notBreaching");
    }
  });

  it("know no repairs where nothing is written twice", () => {
    const alarms = instrumented().findResources("AWS::CloudWatch::Alarm");
    assert.ok(!Object.keys(alarms).some((id) => id.includes("PendingRepairs")));
  });

  it("go by the props", () => {
    const template = instrumented({
      secondaryErrorRatePercent: 7,
      v2ErrorRateExcessPercent: 3,
      fallbackRatePercent: 2,
      latencyRatio: 4,
      latencyAllowance: Duration.millis(30),
      divertedRecords: 8,
      modeReadFailures: 9,
      dualWrites: true,
      pendingRepairs: 6,
    });
    const thresholds = [
      "SecondaryErrors",
      "V2Errors",
      "Fallbacks",
      "V2Latency",
      "DivertedRecords",
      "ModeReadFailures",
      "PendingRepairs",
    ].map((id) => named(template, "AWS::CloudWatch::Alarm", `Things${id}`).Threshold);
    assert.deepEqual(thresholds, [7, 3, 2, 4, 8, 9, 6]);
    assert.match(
      JSON.stringify(named(template, "AWS::CloudWatch::Alarm", "ThingsV2Latency")),
      /v2 - v1 > 30/,
    );
  });
});

describe("the gate", () => {
  const validatorsOf = (template: Template) =>
    named(template, "AWS::AppConfig::ConfigurationProfile", "ThingsMode").Validators;

  it("is the profile's validator, beside the schema", () => {
    const [schema, gate] = validatorsOf(instrumented());
    assert.equal(schema.Type, "JSON_SCHEMA");
    assert.deepEqual(JSON.parse(schema.Content), MODE_DOCUMENT_SCHEMA);
    assert.equal(gate.Type, "LAMBDA");
  });

  it("may be called by AppConfig before the first document is deployed", () => {
    const template = instrumented();
    const [deployment] = Object.values(template.findResources("AWS::AppConfig::Deployment"));
    const [permission] = Object.entries(template.findResources("AWS::Lambda::Permission")).filter(
      ([, { Properties }]) => Properties.Principal === "appconfig.amazonaws.com",
    );
    assert.ok(deployment!.DependsOn.includes(permission![0]));
  });

  it("is told what to ask for", () => {
    const template = instrumented({
      mismatchRatePercent: 3,
      dualWrites: true,
      gate: { minimumComparisons: 50, window: Duration.hours(2), timeInMode: Duration.minutes(5) },
    });
    const { Environment } = named(template, "AWS::Lambda::Function", "ThingsGate");
    const [, parts] = Environment.Variables.SEGUE_GATE["Fn::Join"];
    const told = JSON.parse(
      parts.map((part: unknown) => (typeof part === "string" ? part : "x")).join(""),
    );
    assert.deepEqual(told.thresholds, {
      ...DEFAULT_THRESHOLDS,
      mismatchRatePercent: 3,
      minimumComparisons: 50,
      windowMinutes: 120,
      timeInModeMinutes: 5,
      dualWrites: true,
    });
    assert.equal(told.migration, "things");
  });

  it("may change nothing", () => {
    const { Statement } = named(instrumented(), "AWS::IAM::Policy", "ThingsGate").PolicyDocument;
    for (const action of Statement.flatMap(({ Action }: any) => Action)) {
      assert.match(action, /:(?:Get|List)/);
    }
  });
});

describe("the guard", () => {
  it("is started when the composite alarm goes off, and by nothing else", () => {
    const template = instrumented();
    const [composite] = Object.keys(template.findResources("AWS::CloudWatch::CompositeAlarm"));
    const { EventPattern, Targets } = only(template, "AWS::Events::Rule");
    assert.deepEqual(EventPattern, {
      source: ["aws.cloudwatch"],
      "detail-type": ["CloudWatch Alarm State Change"],
      resources: [{ "Fn::GetAtt": [composite, "Arn"] }],
      detail: { state: { value: ["ALARM"] } },
    });
    assert.equal(Targets.length, 1);
  });

  it("may tell a topic, if there is one", () => {
    const stack = stackOf();
    const topic = new Topic(stack, "Topic");
    new Migration(stack, "Things", { migrationName: "things", topic });
    const template = Template.fromStack(stack);
    const { Statement } = named(template, "AWS::IAM::Policy", "ThingsGuard").PolicyDocument;
    assert.ok(Statement.some(({ Action }: any) => Action === "sns:Publish"));
    const { Environment } = named(template, "AWS::Lambda::Function", "ThingsGuard");
    assert.match(JSON.stringify(Environment), /"topic/);
  });
});

describe("what is one's own", () => {
  it("is the table, which is granted and told, and no other is made", () => {
    const stack = stackOf();
    const table = new Table(stack, "Mine", {
      partitionKey: { name: "pk", type: AttributeType.STRING },
      sortKey: { name: "sk", type: AttributeType.STRING },
      encryptionKey: new Key(stack, "Key"),
    });
    const fn = functionOf(stack);
    for (const migrationName of ["things", "other-things"]) {
      new Migration(stack, migrationName, { migrationName, table }).instrument(fn);
    }
    const template = Template.fromStack(stack);
    assert.equal(Object.keys(template.findResources("AWS::DynamoDB::Table")).length, 1);
    const { Statement } = named(template, "AWS::IAM::Policy", "Fn").PolicyDocument;
    const actions = Statement.flatMap(({ Action }: any) => Action);
    assert.ok(actions.includes("dynamodb:BatchWriteItem"));
    assert.ok(actions.includes("kms:Decrypt") && actions.includes("kms:GenerateDataKey*"));
  });

  it("is the key of the new table", () => {
    const stack = stackOf();
    const encryptionKey = new Key(stack, "Key");
    new Migration(stack, "Things", { migrationName: "things", encryptionKey }).instrument(
      functionOf(stack),
    );
    const template = Template.fromStack(stack);
    assert.equal(only(template, "AWS::DynamoDB::Table").SSESpecification.SSEType, "KMS");
    const { Statement } = named(template, "AWS::IAM::Policy", "Fn").PolicyDocument;
    assert.ok(Statement.flatMap(({ Action }: any) => Action).includes("kms:Decrypt"));
  });

  it("is an application that is there already", () => {
    const stack = stackOf();
    const application = Application.fromApplicationId(stack, "There", "abc1234");
    new Migration(stack, "Things", { migrationName: "things", application }).instrument(
      functionOf(stack),
    );
    const template = Template.fromStack(stack);
    assert.deepEqual(template.findResources("AWS::AppConfig::Application"), {});
    for (const type of ["Environment", "ConfigurationProfile", "Deployment"]) {
      for (const { Properties } of Object.values(
        template.findResources(`AWS::AppConfig::${type}`),
      )) {
        assert.equal(Properties.ApplicationId, "abc1234");
      }
    }
  });
});

describe("the parts, for segue", () => {
  it("are listed by the migration's name and stage, its repair and operator functions among them", () => {
    const stack = stackOf();
    const migration = new Migration(stack, "Things", {
      migrationName: "things",
      stage: "test-eu",
      dualWrites: true,
    });
    migration.scheduleRepair(functionOf(stack));
    migration.operate(functionOf(stack, "Operator"));
    const template = Template.fromStack(stack);
    const profile = named(template, "AWS::AppConfig::ConfigurationProfile", "ThingsParts");
    assert.deepEqual(migrationOfProfile(profile.Name), { migration: "things", stage: "test-eu" });
    assert.equal(profile.Validators, undefined);
    const { Content } = named(
      template,
      "AWS::AppConfig::HostedConfigurationVersion",
      "ThingsParts",
    );
    const parts: MigrationParts = JSON.parse(
      Content["Fn::Join"][1]
        .map((part: any) => (typeof part === "string" ? part : part.Ref))
        .join(""),
    );
    const idOf = (type: string, id: string) =>
      Object.keys(template.findResources(type)).find((key) => key.startsWith(id));
    assert.equal(parts.table, idOf("AWS::DynamoDB::Table", "ThingsRecords"));
    assert.equal(parts.repair, idOf("AWS::Lambda::Function", "Fn"));
    assert.equal(parts.operator, idOf("AWS::Lambda::Function", "Operator"));
    assert.equal(parts.gate, idOf("AWS::Lambda::Function", "ThingsGate"));
    assert.equal(parts.thresholds.dualWrites, true);
    assert.equal(Object.keys(parts.alarms).length, 9);
  });
});

describe("the operator function", () => {
  const operated = (props: Partial<MigrationProps>) => {
    const stack = stackOf();
    const fn = functionOf(stack);
    new Migration(stack, "Things", { migrationName: "things", ...props }).operate(fn);
    const template = Template.fromStack(stack);
    const { Statement } = named(template, "AWS::IAM::Policy", "Fn").PolicyDocument;
    assert.ok(Statement.every(({ Resource }: any) => Resource !== "*"));
    return {
      actions: Statement.flatMap(({ Action }: any) => Action).toSorted(),
      layers: instrumentedFunction(template).Layers,
      variables: Object.keys(instrumentedFunction(template).Environment.Variables),
    };
  };

  it("may read the records one by one, and nothing else", () => {
    assert.deepEqual(operated({}), {
      actions: ["dynamodb:GetItem"],
      layers: undefined,
      variables: ["SEGUE_THINGS"],
    });
  });

  it("may make writes and repairs too where there are dual writes, and reads the mode for them", () => {
    const { actions, layers } = operated({ dualWrites: true });
    assert.equal(layers.length, 1);
    assert.deepEqual(actions, [
      "appconfig:GetLatestConfiguration",
      "appconfig:StartConfigurationSession",
      "dynamodb:DeleteItem",
      "dynamodb:GetItem",
      "dynamodb:PutItem",
      "dynamodb:Query",
      "dynamodb:UpdateItem",
    ]);
  });
});

describe("the grants", () => {
  it("let operators move the migration, and read the records", () => {
    const stack = stackOf();
    const migration = new Migration(stack, "Things", { migrationName: "things" });
    const operator = new User(stack, "Operator");
    migration.grantOperate(operator);
    migration.grantReadRecords(operator);
    const { Statement } = named(
      Template.fromStack(stack),
      "AWS::IAM::Policy",
      "Operator",
    ).PolicyDocument;
    const actions = Statement.flatMap(({ Action }: any) => Action);
    for (const action of [
      "appconfig:StartDeployment",
      "appconfig:StopDeployment",
      "dynamodb:Query",
    ]) {
      assert.ok(actions.includes(action), action);
    }
    const onAll = Statement.filter(({ Resource }: any) => Resource === "*");
    // These know no resources.
    assert.deepEqual(
      onAll.flatMap(({ Action }: any) => Action),
      ["appconfig:ListApplications", "cloudwatch:DescribeAlarms", "cloudwatch:GetMetricData"],
    );
  });
});

describe("the dashboard", () => {
  it("shows every alarm, and what the runbook needs", () => {
    const template = instrumented({ dualWrites: true, runbookUrl: "https://example.org/runbook" });
    const { DashboardName, DashboardBody } = only(template, "AWS::CloudWatch::Dashboard");
    assert.equal(DashboardName, "segue-things-prod");
    const body = JSON.stringify(DashboardBody);
    for (const id of Object.keys(template.findResources("AWS::CloudWatch::Alarm"))) {
      assert.ok(body.includes(id), id);
    }
    for (const text of ["Runbook", "p50", "p99", "Mismatch rate", "Fallbacks", "RepairsPending"]) {
      assert.ok(body.includes(text), text);
    }
  });
});

describe("Migration refuses", () => {
  const bad: [Partial<MigrationProps>, RegExp][] = [
    [{ migrationName: "Things" }, /^migrationName: got "Things", allowed is lower-case/],
    [{ defaultMode: "older" as any }, /^defaultMode: got "older"/],
    [
      { mismatchRatePercent: 101 },
      /^mismatchRatePercent: got 101, allowed is a number from 0 to 100/,
    ],
    [{ minimumComparisons: 0 }, /^minimumComparisons: got 0/],
    [{ fallbackRatePercent: 101 }, /^fallbackRatePercent: got 101/],
    [{ pendingRepairs: -1 }, /^pendingRepairs: got -1/],
    [{ gate: { minimumComparisons: 0 } }, /^gate\.minimumComparisons: got 0/],
    [{ gate: { window: Duration.days(15) } }, /^gate\.windowMinutes: got 21600/],
    [{ rolloutStepPercent: 0 }, /^rolloutStepPercent: got 0/],
    [{ rolloutDuration: Duration.hours(25) }, /^rolloutDuration: got "1 day 1 hour"/],
    [
      { pollInterval: Duration.seconds(5) },
      /^pollInterval: got "5 seconds", allowed is 15 seconds/,
    ],
  ];
  for (const [props, message] of bad) {
    it(JSON.stringify(props), () => {
      assert.throws(
        () => new Migration(stackOf(), "Things", { migrationName: "things", ...props }),
        (error: Error) => message.test(error.message),
      );
    });
  }
});

describe("instrument", () => {
  it("grants what the runtime does, and nothing else", () => {
    const { Statement } = named(instrumented(), "AWS::IAM::Policy", "Fn").PolicyDocument;
    assert.deepEqual(
      Statement.map(({ Action }: any) => Action),
      [
        ["appconfig:StartConfigurationSession", "appconfig:GetLatestConfiguration"],
        "dynamodb:BatchWriteItem",
      ],
    );
    for (const { Effect, Resource } of Statement) {
      assert.equal(Effect, "Allow");
      assert.doesNotMatch(JSON.stringify(Resource), /\*/);
    }
    assert.match(JSON.stringify(Statement[0].Resource), /application\/.*\/environment\/.*\/config/);
  });

  it("puts the agent beside the function, where the region is known", () => {
    const { Layers, Environment } = instrumentedFunction(instrumented({}, "eu-west-1"));
    assert.equal(Layers.length, 1);
    assert.match(Layers[0], /^arn:aws:lambda:eu-west-1:\d+:layer:AWS-AppConfig-Extension-Arm64:/);
    assert.match(JSON.stringify(Environment), /\\"agent\\":true/);
    assert.equal(Environment.Variables.AWS_APPCONFIG_EXTENSION_POLL_INTERVAL_SECONDS, "15");
  });

  it("looks the agent up when it is deployed, where the region isn't known", () => {
    const template = instrumented();
    const { Layers } = instrumentedFunction(template);
    assert.deepEqual(Layers[0]["Fn::FindInMap"].slice(1), [{ Ref: "AWS::Region" }, "arm64"]);
    const [mapping] = Object.values(template.findMappings("*"));
    assert.match(mapping!["us-east-1"].x8664, /:layer:AWS-AppConfig-Extension:/);
  });

  it("does without the agent in a region that has no layer for it", () => {
    const { Layers, Environment } = instrumentedFunction(instrumented({}, "us-iso-east-1"));
    assert.equal(Layers, undefined);
    assert.match(JSON.stringify(Environment), /\\"agent\\":false/);
  });

  it("serves one function in two migrations, and two functions in one", () => {
    const stack = stackOf("eu-west-1");
    const [one, two] = [functionOf(stack, "One"), functionOf(stack, "Two")];
    const things = new Migration(stack, "Things", { migrationName: "things" });
    const others = new Migration(stack, "Others", {
      migrationName: "other-things",
      pollInterval: Duration.minutes(5),
    });
    things.instrument(one);
    others.instrument(one);
    things.instrument(two);
    const functions = Object.entries(
      Template.fromStack(stack).findResources("AWS::Lambda::Function"),
    );
    const variablesOf = (id: string) =>
      functions.find(([name]) => name.startsWith(id))![1].Properties.Environment.Variables;
    assert.deepEqual(
      Object.keys(variablesOf("One"))
        .filter((name) => name.startsWith("SEGUE_"))
        .toSorted(),
      ["SEGUE_OTHER_THINGS", "SEGUE_THINGS"],
    );
    assert.equal(
      JSON.stringify(variablesOf("One")).match(/\/configurations\//g)?.length,
      2,
      "both documents are prefetched",
    );
    assert.equal(variablesOf("One").AWS_APPCONFIG_EXTENSION_POLL_INTERVAL_SECONDS, "15");
    assert.equal(variablesOf("Two").SEGUE_OTHER_THINGS, undefined);
    assert.equal(
      functions.find(([name]) => name.startsWith("One"))![1].Properties.Layers.length,
      1,
    );
  });
});
