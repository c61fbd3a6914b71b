import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { controlPlaneAccesses, dataPlaneAccess } from "../../../lib/local/appconfig/access.ts";
import { cloudWatchAccesses } from "../../../lib/local/cloudwatch/access.ts";
import { dynamoDbAccesses } from "../../../lib/local/dynamodb/access.ts";
import { lambdaAccesses } from "../../../lib/local/lambda/access.ts";
import type { Access } from "../../../lib/local/access.ts";
import type { ServiceRequest } from "../../../lib/local/service.ts";

const ids = { region: "eu-west-1", account: "123456789012" };

const request = (given: Partial<ServiceRequest>): ServiceRequest => ({
  method: "POST",
  path: "/",
  query: new URLSearchParams(),
  headers: {},
  body: Buffer.alloc(0),
  ...given,
});
const flat = (accesses: readonly Access[]) =>
  accesses.map(({ action, resource }) => `${action} ${resource}`);

describe("what a request to DynamoDB does", () => {
  const TABLE = "arn:aws:dynamodb:eu-west-1:123456789012:table";
  const cases: [operation: string, body: unknown, expected: string[]][] = [
    ["PutItem", { TableName: "a" }, [`dynamodb:PutItem ${TABLE}/a`]],
    ["PutItem", { TableName: `${TABLE}/a` }, [`dynamodb:PutItem ${TABLE}/a`]],
    ["Query", { TableName: "a", IndexName: "i" }, [`dynamodb:Query ${TABLE}/a/index/i`]],
    [
      "BatchGetItem",
      { RequestItems: { a: {}, b: {} } },
      [`dynamodb:BatchGetItem ${TABLE}/a`, `dynamodb:BatchGetItem ${TABLE}/b`],
    ],
    ["ListTables", {}, ["dynamodb:ListTables *"]],
    ["TagResource", { ResourceArn: `${TABLE}/a` }, [`dynamodb:TagResource ${TABLE}/a`]],
    // Whoever may not do it everywhere gets no further with a request that is none.
    ["PutItem", "{", ["dynamodb:PutItem *"]],
    ["PutItem", null, ["dynamodb:PutItem *"]],
    ["PutItem", { TableName: 1 }, ["dynamodb:PutItem *"]],
  ];
  for (const [operation, body, expected] of cases) {
    it(`${operation} ${JSON.stringify(body)}`, () => {
      const headers = { "x-amz-target": `DynamoDB_20120810.${operation}` };
      const text = typeof body === "string" ? body : JSON.stringify(body);
      assert.deepEqual(
        flat(dynamoDbAccesses(request({ headers, body: Buffer.from(text) }), ids)),
        expected,
      );
    });
  }
});

describe("what a request to Lambda does", () => {
  const FN = "arn:aws:lambda:eu-west-1:123456789012:function:fn";
  const cases: [method: string, path: string, query: string, expected: string][] = [
    ["POST", "/2015-03-31/functions/fn/invocations", "", `lambda:InvokeFunction ${FN}`],
    [
      "POST",
      "/2021-11-15/functions/fn/response-streaming-invocations",
      "",
      `lambda:InvokeFunction ${FN}`,
    ],
    [
      "POST",
      `/2015-03-31/functions/${encodeURIComponent(FN)}/invocations`,
      "",
      `lambda:InvokeFunction ${FN}`,
    ],
    [
      "POST",
      "/2015-03-31/functions/123456789012:function:fn/invocations",
      "",
      `lambda:InvokeFunction ${FN}`,
    ],
    ["POST", "/2015-03-31/functions/fn:1/invocations", "", `lambda:InvokeFunction ${FN}:1`],
    [
      "POST",
      "/2015-03-31/functions/fn/invocations",
      "Qualifier=live",
      `lambda:InvokeFunction ${FN}:live`,
    ],
    ["GET", "/2015-03-31/functions/fn", "", `lambda:GetFunction ${FN}`],
    ["GET", "/2015-03-31/functions/fn/configuration", "", `lambda:GetFunctionConfiguration ${FN}`],
    [
      "PUT",
      "/2015-03-31/functions/fn/configuration",
      "",
      `lambda:UpdateFunctionConfiguration ${FN}`,
    ],
    ["GET", "/2015-03-31/functions/", "", "lambda:ListFunctions *"],
    ["DELETE", "/2015-03-31/functions/fn", "", `lambda:UnknownOperation ${FN}`],
    ["POST", "/2015-03-31/functions/fn/new-thing", "", `lambda:UnknownOperation ${FN}`],
    ["POST", "/2015-03-31/functions", "", "lambda:UnknownOperation *"],
    ["GET", "/elsewhere", "", "lambda:UnknownOperation *"],
  ];
  for (const [method, path, query, expected] of cases) {
    it(`${method} ${path} ${query}`, () => {
      const given = request({ method, path, query: new URLSearchParams(query) });
      assert.deepEqual(flat(lambdaAccesses(given, ids)), [expected]);
    });
  }
});

describe("what an operation of CloudWatch does", () => {
  const ALARM = "arn:aws:cloudwatch:eu-west-1:123456789012:alarm";
  const DASHBOARD = "arn:aws:cloudwatch::123456789012:dashboard";
  const cases: [operation: string, input: object, expected: string[]][] = [
    ["GetMetricData", {}, ["cloudwatch:GetMetricData *"]],
    ["DescribeAlarms", {}, [`cloudwatch:DescribeAlarms ${ALARM}:*`]],
    ["DescribeAlarms", { AlarmNames: ["a"] }, [`cloudwatch:DescribeAlarms ${ALARM}:a`]],
    [
      "DescribeAlarms",
      { AlarmNames: ["a"], AlarmTypes: ["CompositeAlarm"] },
      ["cloudwatch:DescribeAlarms *"],
    ],
    ["DescribeAlarms", { ChildrenOfAlarmName: "a" }, ["cloudwatch:DescribeAlarms *"]],
    ["PutMetricAlarm", { AlarmName: "a" }, [`cloudwatch:PutMetricAlarm ${ALARM}:a`]],
    [
      "DeleteAlarms",
      { AlarmNames: ["a", "b"] },
      [`cloudwatch:DeleteAlarms ${ALARM}:a`, `cloudwatch:DeleteAlarms ${ALARM}:b`],
    ],
    ["DescribeAlarmHistory", {}, [`cloudwatch:DescribeAlarmHistory ${ALARM}:*`]],
    ["PutDashboard", { DashboardName: "d" }, [`cloudwatch:PutDashboard ${DASHBOARD}/d`]],
    ["DeleteDashboards", { DashboardNames: ["d"] }, [`cloudwatch:DeleteDashboards ${DASHBOARD}/d`]],
    ["ListDashboards", {}, ["cloudwatch:ListDashboards *"]],
  ];
  for (const [operation, input, expected] of cases) {
    it(`${operation} ${JSON.stringify(input)}`, () => {
      assert.deepEqual(flat(cloudWatchAccesses(operation, input, ids)), expected);
    });
  }

  it("PutMetricData says its namespace", () => {
    assert.deepEqual(cloudWatchAccesses("PutMetricData", { Namespace: "Segue" }, ids), [
      {
        action: "cloudwatch:PutMetricData",
        resource: "*",
        context: { "cloudwatch:namespace": "Segue" },
      },
    ]);
  });
});

describe("what an operation of AppConfig does", () => {
  const cases: [operation: string, input: object, expected: string[]][] = [
    ["ListApplications", {}, ["*"]],
    ["CreateDeploymentStrategy", {}, ["*"]],
    ["GetApplication", { ApplicationId: "a" }, ["application/a"]],
    [
      "StartDeployment",
      {
        ApplicationId: "a",
        EnvironmentId: "e",
        ConfigurationProfileId: "p",
        DeploymentStrategyId: "s",
        ConfigurationVersion: "1",
      },
      [
        "application/a",
        "application/a/environment/e",
        "application/a/configurationprofile/p",
        "deploymentstrategy/s",
      ],
    ],
    [
      "StopDeployment",
      { ApplicationId: "a", EnvironmentId: "e", DeploymentNumber: "3" },
      ["application/a", "application/a/environment/e", "application/a/environment/e/deployment/3"],
    ],
    [
      "GetHostedConfigurationVersion",
      { ApplicationId: "a", ConfigurationProfileId: "p", VersionNumber: "2" },
      [
        "application/a",
        "application/a/configurationprofile/p",
        "application/a/configurationprofile/p/hostedconfigurationversion/2",
      ],
    ],
  ];
  for (const [operation, input, expected] of cases) {
    it(`${operation} ${JSON.stringify(input)}`, () => {
      const accesses = controlPlaneAccesses(operation, input, "");
      assert.deepEqual(
        accesses,
        expected.map((resource) => ({ action: `appconfig:${operation}`, resource })),
      );
    });
  }

  it("of the data plane, to one configuration", () => {
    const place = { applicationId: "a", environmentId: "e", profileId: "p" };
    assert.deepEqual(dataPlaneAccess("GetLatestConfiguration", place, "arn:"), {
      action: "appconfig:GetLatestConfiguration",
      resource: "arn:application/a/environment/e/configuration/p",
    });
  });
});
