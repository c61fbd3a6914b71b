import * as control from "@aws-sdk/client-appconfig";
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import type { AppConfigOptions } from "../../../lib/local/appconfig/index.ts";
import { lambdaRefusal } from "../../../lib/local/appconfig/lambda-validator.ts";
import { appConfigFixture } from "./fixture.ts";

const GATE = "arn:aws:lambda:us-east-1:000000000000:function:gate";
const SCHEMA = JSON.stringify({
  $schema: "http://json-schema.org/draft-04/schema#",
  type: "object",
  required: ["mode"],
  properties: {
    mode: { enum: ["old", "new"] },
    // In draft 4 a boolean, in later drafts a number.
    percent: { type: "number", minimum: 0, exclusiveMinimum: true },
  },
});

async function fixtureWith(
  t: TestContext,
  Validators: control.Validator[],
  options: Pick<AppConfigOptions, "invokeFunction"> = {},
) {
  const fixture = await appConfigFixture(t, options);
  const { client, ids } = fixture;
  await client.send(new control.UpdateConfigurationProfileCommand({ ...ids, Validators }));
  const atOnce = await fixture.strategy(0, 0);
  return {
    ...fixture,
    deployContent: async (content: unknown) =>
      fixture.deploy(await fixture.version(content), atOnce),
    validate: async (ConfigurationVersion: number) => {
      const command = { ...ids, ConfigurationVersion: String(ConfigurationVersion) };
      await client.send(new control.ValidateConfigurationCommand(command));
    },
  };
}

const answer = (payload: unknown, failed = false) => ({
  payload: Buffer.from(JSON.stringify(payload)),
  failed,
});

test("a JSON schema of draft 4 lets through what fits it, and says what doesn't", async (t) => {
  const { deployContent, deployment } = await fixtureWith(t, [
    { Type: "JSON_SCHEMA", Content: SCHEMA },
  ]);
  await deployContent({ mode: "new", percent: 1 });
  await assert.rejects(deployContent({ mode: "newest", percent: 0 }), (error: any) => {
    assert.equal(error.name, "BadRequestException");
    assert.equal(error.Reason, "InvalidConfiguration");
    assert.deepEqual(
      error.Details.InvalidConfiguration.map(({ Constraint, Location, Value }: any) => [
        Constraint,
        Location,
        Value,
      ]),
      [
        ["enum", "/mode", '"newest"'],
        ["minimum", "/percent", "0"],
      ],
    );
    return true;
  });
  assert.equal((await deployment(1)).State, "COMPLETE");
  await assert.rejects(deployment(2), { name: "ResourceNotFoundException" });
});

test("content that is no JSON fits no schema", async (t) => {
  const { client, ids, validate } = await fixtureWith(t, [{ Type: "JSON_SCHEMA", Content: "{}" }]);
  const { VersionNumber } = await client.send(
    new control.CreateHostedConfigurationVersionCommand({
      ...ids,
      ContentType: "application/json",
      Content: Buffer.from("mode: new"),
    }),
  );
  await assert.rejects(validate(VersionNumber!), { message: /not JSON/ });
});

test("a function validates: it gets the version, and refuses by throwing", async (t) => {
  const asked: [string, any][] = [];
  const { deployContent, validate, version, ids } = await fixtureWith(
    t,
    [{ Type: "LAMBDA", Content: GATE }],
    {
      async invokeFunction(arn, event: any) {
        asked.push([arn, event]);
        const { mode } = JSON.parse(Buffer.from(event.content, "base64").toString());
        return mode === "new"
          ? answer({ errorType: "Refused", errorMessage: "too few comparisons" }, true)
          : answer(null);
      },
    },
  );
  await deployContent({ mode: "old" });
  await assert.rejects(deployContent({ mode: "new" }), {
    name: "BadRequestException",
    message: /too few comparisons/,
  });
  await validate(1);
  await assert.rejects(validate(await version({ mode: "new" })), { message: /too few/ });
  assert.deepEqual(asked[0], [
    GATE,
    {
      applicationId: ids.ApplicationId,
      configurationProfileId: ids.ConfigurationProfileId,
      configurationVersion: "1",
      content: Buffer.from('{"mode":"old"}').toString("base64"),
      uri: "hosted",
    },
  ]);
  assert.equal(asked.length, 4);
});

test("a function that can't be asked refuses, too", async (t) => {
  const version = {
    applicationId: "a",
    profileId: "p",
    number: 1,
    content: Buffer.from("{}"),
    contentType: "application/json",
  };
  const reason = async (invoke: AppConfigOptions["invokeFunction"]) =>
    (await lambdaRefusal(GATE, version, invoke!))[0]?.Reason;
  assert.equal(await reason(async () => "throttled"), `${GATE} is throttled`);
  assert.equal(await reason(() => Promise.reject(new Error("no leave"))), "no leave");
  assert.equal(await reason(async () => answer("odd", true)), '"odd"');

  t.mock.timers.enable({ apis: ["setTimeout"] });
  const late = reason(() => new Promise(() => {}));
  t.mock.timers.tick(14_999);
  t.mock.timers.tick(1);
  assert.equal(await late, `${GATE} took more than 15000 ms`);
});

test("only one deployment gets through, however slow the validators are", async (t) => {
  const gates: (() => void)[] = [];
  const { version, strategy, deploy } = await fixtureWith(t, [{ Type: "LAMBDA", Content: GATE }], {
    invokeFunction: () =>
      new Promise((resolve) => {
        gates.push(() => resolve(answer(null)));
        // Both have asked: both go on.
        if (gates.length === 2) for (const open of gates) open();
      }),
  });
  const number = await version({ mode: "new" });
  const slowly = await strategy(10, 0, 20);
  const outcomes = await Promise.allSettled([deploy(number, slowly), deploy(number, slowly)]);
  assert.deepEqual(outcomes.map(({ status }) => status).toSorted(), ["fulfilled", "rejected"]);
});

test("what is no validator is refused when the profile gets it", async (t) => {
  const { client, ids } = await appConfigFixture(t);
  const refused: [unknown, RegExp][] = [
    [[{ Type: "LAMBDA", Content: "gate" }], /allowed is a function's ARN/],
    [[{ Type: "LAMBDA" }], /Content: required/],
    [[{ Type: "REGEX", Content: "." }], /JSON_SCHEMA or LAMBDA/],
    [[{ Content: "{}" }], /Type: required/],
    [["{}"], /Type: required/],
    [{ Type: "JSON_SCHEMA" }, /allowed is a list of at most 2/],
    [
      Array.from({ length: 3 }, () => ({ Type: "JSON_SCHEMA", Content: "{}" })),
      /allowed is a list of at most 2/,
    ],
    [[{ Type: "JSON_SCHEMA", Content: "{" }], /no JSON Schema/],
    [[{ Type: "JSON_SCHEMA", Content: '{"type":"thing"}' }], /no JSON Schema/],
    [[{ Type: "JSON_SCHEMA", Content: "x".repeat(32_769) }], /allowed are 0 to 32768/],
    [
      [
        {
          Type: "JSON_SCHEMA",
          Content: '{"$schema":"http://json-schema.org/draft-07/schema#"}',
        },
      ],
      /no JSON Schema/,
    ],
  ];
  for (const [Validators, message] of refused) {
    await assert.rejects(
      client.send(
        new control.UpdateConfigurationProfileCommand({
          ...ids,
          Validators: Validators as control.Validator[],
        }),
      ),
      { name: "BadRequestException", message },
      JSON.stringify(Validators).slice(0, 80),
    );
  }
});

test("a monitor whose role may not see its alarm stops a deployment before it starts", async (t) => {
  const fixture = await appConfigFixture(t, {
    checkMonitor({ AlarmRoleArn }) {
      throw new Error(`${AlarmRoleArn} may not`);
    },
  });
  await assert.rejects(fixture.deploy(await fixture.version({}), await fixture.strategy(0, 0)), {
    name: "BadRequestException",
    message: /unhealthy: .*role\/monitor may not/,
  });
});
