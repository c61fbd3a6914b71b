import { AppConfigProvider } from "@aws-lambda-powertools/parameters/appconfig";
import * as control from "@aws-sdk/client-appconfig";
import * as data from "@aws-sdk/client-appconfigdata";
import assert from "node:assert/strict";
import { test } from "node:test";
import { appConfigFixture, HOUR, MINUTE, SECOND } from "./fixture.ts";
import { CLIENT } from "./serve.ts";

const problem = (expected: string) => (error: unknown) => {
  assert.ok(error instanceof data.BadRequestException);
  assert.equal(error.Reason, "InvalidParameters");
  const details = error.Details?.InvalidParameters?.["ConfigurationToken"];
  assert.equal(details?.Problem, expected);
  return true;
};

test("before anything is deployed there is nothing: 404", async (t) => {
  const { session, dataClient, version, deploy, strategy } = await appConfigFixture(t);
  await assert.rejects(session(), {
    name: "ResourceNotFoundException",
    ResourceType: "Deployment",
  });
  await assert.rejects(
    dataClient.send(
      new data.StartConfigurationSessionCommand({
        ApplicationIdentifier: "nosuch",
        EnvironmentIdentifier: "production",
        ConfigurationProfileIdentifier: "mode",
      }),
    ),
    { name: "ResourceNotFoundException", ResourceType: "Application" },
  );
  await deploy(await version({ mode: "old" }), await strategy(0, 0));
  await session();
});

test("a session polls: content, then nothing new, then a new version", async (t) => {
  const { session, latest, version, deploy, strategy } = await appConfigFixture(t);
  const atOnce = await strategy(0, 0);
  await deploy(await version({ mode: "old" }, "first"), atOnce);
  const first = await latest(await session());
  assert.deepEqual(first.content, { mode: "old" });
  assert.equal(first.answer.VersionLabel, "first");
  assert.equal(first.answer.ContentType, "application/json");
  assert.equal(first.answer.NextPollIntervalInSeconds, 60);
  const second = await latest(first.token);
  assert.equal(second.content, undefined);
  assert.ok(!second.answer.VersionLabel);
  await deploy(await version({ mode: "shadow" }), atOnce);
  const third = await latest(second.token);
  assert.deepEqual(third.content, { mode: "shadow" });
});

test("a token is good for one call, for 24 hours, and from AppConfig only", async (t) => {
  const { clock, session, latest, version, deploy, strategy } = await appConfigFixture(t);
  await deploy(await version({}), await strategy(0, 0));
  const token = await session();
  const { token: next } = await latest(token);
  await assert.rejects(latest(token), problem("Expired"));
  await clock.advance(24 * HOUR);
  const { token: last } = await latest(next);
  await clock.advance(24 * HOUR + 1);
  await assert.rejects(latest(last), problem("Expired"));
  // Also when the session is long forgotten.
  await session();
  await assert.rejects(latest(last), problem("Expired"));
  await assert.rejects(latest("nonsense"), problem("Corrupted"));
  await assert.rejects(latest(`${last.slice(0, -2)}xx`), problem("Corrupted"));
});

test("who asked for a minimum interval must keep to it", async (t) => {
  const { clock, session, latest, version, deploy, strategy } = await appConfigFixture(t);
  await deploy(await version({}), await strategy(0, 0));
  await assert.rejects(session(14), { name: "BadRequestException", message: /15 to 86400/ });
  const first = await latest(await session(30));
  assert.equal(first.answer.NextPollIntervalInSeconds, 30);
  await clock.advance(29 * SECOND);
  await assert.rejects(latest(first.token), problem("PollIntervalNotSatisfied"));
  await clock.advance(SECOND);
  await latest(first.token);
});

test("a gradual deployment divides sessions, and a session that has the new version keeps it", async (t) => {
  const { clock, session, latest, version, deploy, strategy } = await appConfigFixture(t);
  await deploy(await version({ mode: "old" }), await strategy(0, 0));
  const tokens = await Promise.all(Array.from({ length: 100 }, () => session()));
  const modes: string[] = tokens.map(() => "none");
  const poll = async () => {
    await Promise.all(
      tokens.map(async (token, index) => {
        const { content, token: next } = await latest(token);
        tokens[index] = next;
        if (content !== undefined) modes[index] = content.mode;
      }),
    );
    return modes.map((mode) => mode === "shadow");
  };
  await poll();
  await deploy(await version({ mode: "shadow" }), await strategy(10, 0, 20));
  let before = await poll();
  assert.equal(before.filter(Boolean).length, 0);
  for (const percent of [20, 40, 60, 80, 100]) {
    await clock.advance(2 * MINUTE);
    const now = await poll();
    assert.equal(now.filter(Boolean).length, percent);
    assert.ok(before.every((had, index) => !had || now[index]));
    before = now;
  }
});

test("identifiers may be ids; a name that two applications have can't be used", async (t) => {
  const { client, dataClient, ids, version, deploy, strategy, session } = await appConfigFixture(t);
  await deploy(await version({}), await strategy(0, 0));
  await dataClient.send(
    new data.StartConfigurationSessionCommand({
      ApplicationIdentifier: ids.ApplicationId,
      EnvironmentIdentifier: ids.EnvironmentId,
      ConfigurationProfileIdentifier: ids.ConfigurationProfileId,
    }),
  );
  await client.send(new control.CreateApplicationCommand({ Name: "customer-ids" }));
  await assert.rejects(session(), { name: "BadRequestException", message: /more than one/ });
});

test("Powertools' AppConfigProvider reads it unchanged", async (t) => {
  const { endpoint, version, deploy, strategy } = await appConfigFixture(t);
  const atOnce = await strategy(0, 0);
  await deploy(await version({ mode: "old" }), atOnce);
  const provider = new AppConfigProvider({
    application: "customer-ids",
    environment: "production",
    clientConfig: { ...CLIENT, endpoint },
  });
  t.after(() => provider.client.destroy());
  const read = () => provider.get("mode", { transform: "json", forceFetch: true });
  assert.deepEqual(await read(), { mode: "old" });
  assert.deepEqual(await read(), { mode: "old" });
  await deploy(await version({ mode: "shadow" }), atOnce);
  assert.deepEqual(await read(), { mode: "shadow" });
});
