import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { App, Duration, Stack, Tags } from "aws-cdk-lib";
import { Match, Template } from "aws-cdk-lib/assertions";
import { Architecture, Code, Function, Runtime } from "aws-cdk-lib/aws-lambda";
import { Migration, type MigrationProps } from "../../lib/cdk/index.ts";

function stackOf(region?: string): Stack {
  return new Stack(new App(), "Test", region === undefined ? {} : { env: { region } });
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

describe("Migration", () => {
  it("deploys the first document, at once, and nothing of it depends on props", () => {
    const first = (props: Partial<MigrationProps>) => {
      const template = instrumented(props);
      return [
        template.findResources("AWS::AppConfig::HostedConfigurationVersion"),
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
    const [version] = Object.values(plain[0]!);
    assert.equal(version!.Properties.Content, '{"mode":"old"}');
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
    const [alarmId] = Object.keys(template.findResources("AWS::CloudWatch::Alarm"));
    const rule = JSON.stringify(only(template, "AWS::CloudWatch::CompositeAlarm").AlarmRule);
    assert.match(rule, /ALARM\(/);
    assert.ok(rule.includes(alarmId!));
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

describe("Migration refuses", () => {
  const bad: [Partial<MigrationProps>, RegExp][] = [
    [{ migrationName: "Things" }, /^migrationName: got "Things", allowed is lower-case/],
    [{ defaultMode: "older" as any }, /^defaultMode: got "older"/],
    [
      { mismatchRatePercent: 101 },
      /^mismatchRatePercent: got 101, allowed is a number from 0 to 100/,
    ],
    [{ minimumComparisons: 0 }, /^minimumComparisons: got 0/],
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
    const { Statement } = only(instrumented(), "AWS::IAM::Policy").PolicyDocument;
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
    const { Layers, Environment } = only(instrumented({}, "eu-west-1"), "AWS::Lambda::Function");
    assert.equal(Layers.length, 1);
    assert.match(Layers[0], /^arn:aws:lambda:eu-west-1:\d+:layer:AWS-AppConfig-Extension-Arm64:/);
    assert.match(JSON.stringify(Environment), /\\"agent\\":true/);
    assert.equal(Environment.Variables.AWS_APPCONFIG_EXTENSION_POLL_INTERVAL_SECONDS, "15");
  });

  it("looks the agent up when it is deployed, where the region isn't known", () => {
    const template = instrumented();
    const { Layers } = only(template, "AWS::Lambda::Function");
    assert.deepEqual(Layers[0]["Fn::FindInMap"].slice(1), [{ Ref: "AWS::Region" }, "arm64"]);
    const [mapping] = Object.values(template.findMappings("*"));
    assert.match(mapping!["us-east-1"].x8664, /:layer:AWS-AppConfig-Extension:/);
  });

  it("does without the agent in a region that has no layer for it", () => {
    const { Layers, Environment } = only(
      instrumented({}, "us-iso-east-1"),
      "AWS::Lambda::Function",
    );
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
