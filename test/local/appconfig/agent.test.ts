import assert from "node:assert/strict";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { startAppConfigAgent } from "../../../lib/local/appconfig/index.ts";
import type { AppConfigAgentOptions } from "../../../lib/local/appconfig/index.ts";
import type { ServiceRequest } from "../../../lib/local/service.ts";
import { appConfigFixture, HOUR, SECOND } from "./fixture.ts";

const MODE = "/applications/customer-ids/environments/production/configurations/mode";

async function agentFixture(t: TestContext, variables: Record<string, string> = {}) {
  const fixture = await appConfigFixture(t);
  const { appConfig, clock, version, deploy, strategy } = fixture;
  const atOnce = await strategy(0, 0);
  const requests: string[] = [];
  const counted: AppConfigAgentOptions["appConfig"] = {
    handle(request: ServiceRequest) {
      requests.push(request.path);
      return appConfig.handle(request);
    },
  };
  const publish = async (content: unknown, label?: string) => {
    await deploy(await version(content, label), atOnce);
  };
  const start = async () => {
    const agent = await startAppConfigAgent({ appConfig: counted, clock, variables });
    t.after(() => agent.close());
    return {
      invoked: () => agent.invoked(),
      get: (path = MODE) => fetch(`http://127.0.0.1:${agent.port}${path}`),
    };
  };
  /** Lets a poll in the background end. */
  const settle = () => clock.advance(0);
  return { ...fixture, requests, publish, start, settle };
}

test("serves the raw document, its type and its version", async (t) => {
  const { publish, start, requests } = await agentFixture(t);
  await publish({ mode: "old" }, "first");
  const { get } = await start();
  assert.deepEqual(requests, []);
  for (let request = 1; request <= 2; request += 1) {
    const response = await get();
    assert.equal(response.status, 200);
    assert.equal(response.headers.get("content-type"), "application/json");
    assert.equal(response.headers.get("configuration-version"), "1");
    assert.equal(response.headers.get("version-label"), "first");
    assert.equal(await response.text(), '{"mode":"old"}');
  }
  assert.deepEqual(requests, ["/configurationsessions", "/configuration"]);
});

test("polls at an invocation when the interval has passed, not by a timer", async (t) => {
  const { publish, start, clock, settle, requests } = await agentFixture(t);
  await publish({ mode: "old" });
  const { get, invoked } = await start();
  await get();
  await publish({ mode: "shadow" });

  await clock.advance(44 * SECOND);
  invoked();
  await settle();
  assert.equal(requests.length, 2);
  await clock.advance(10 * HOUR);
  assert.equal(requests.length, 2, "an idle environment does not poll");
  assert.equal(await (await get()).text(), '{"mode":"old"}');

  invoked();
  invoked();
  await settle();
  assert.equal(requests.length, 3, "one poll at a time");
  const fresh = await get();
  assert.equal(await fresh.text(), '{"mode":"shadow"}');
  assert.equal(fresh.headers.get("configuration-version"), "2");
});

test("the interval is the function's to set, below the data plane's minimum too", async (t) => {
  const { publish, start, clock, settle } = await agentFixture(t, {
    AWS_APPCONFIG_EXTENSION_POLL_INTERVAL_SECONDS: "5",
  });
  await publish({ mode: "old" });
  const { get, invoked } = await start();
  await get();
  await publish({ mode: "shadow" });
  await clock.advance(5 * SECOND);
  invoked();
  await settle();
  assert.equal(await (await get()).text(), '{"mode":"shadow"}');
});

test("an interval that is none is refused", async (t) => {
  const { start } = await agentFixture(t, { AWS_APPCONFIG_EXTENSION_POLL_INTERVAL_SECONDS: "x" });
  await assert.rejects(start(), { name: "RangeError", message: /got x/ });
});

test("prefetches what the function lists", async (t) => {
  const { publish, start, appConfig } = await agentFixture(t, {
    AWS_APPCONFIG_EXTENSION_PREFETCH_LIST: `${MODE}, /applications/a/environments/b/configurations/c`,
  });
  await publish({ mode: "old" });
  const { get } = await start();
  appConfig.setOutage({ status: 503, type: "InternalServerException", message: "down" });
  assert.equal((await get()).status, 200);
});

test("when AppConfig is down the cached document stays, and comes up to date afterwards", async (t) => {
  const { publish, start, clock, settle, appConfig } = await agentFixture(t);
  await publish({ mode: "old" });
  const { get, invoked } = await start();
  await get();
  await publish({ mode: "shadow" });
  appConfig.setOutage({ status: 500, type: "InternalServerException", message: "down" });
  await clock.advance(45 * SECOND);
  invoked();
  await settle();
  assert.equal(await (await get()).text(), '{"mode":"old"}');
  appConfig.setOutage();
  await clock.advance(45 * SECOND);
  invoked();
  await settle();
  assert.equal(await (await get()).text(), '{"mode":"shadow"}');
});

test("an AppConfig that hangs does not hang the agent", async (t) => {
  const { publish, clock, settle, appConfig } = await agentFixture(t);
  await publish({ mode: "old" });
  let hangs = true;
  const asked = Promise.withResolvers<void>();
  const agent = await startAppConfigAgent({
    clock,
    variables: { AWS_APPCONFIG_EXTENSION_POLL_TIMEOUT_MILLIS: "2000" },
    appConfig: {
      handle(request) {
        asked.resolve();
        return hangs ? new Promise(() => {}) : appConfig.handle(request);
      },
    },
  });
  t.after(() => agent.close());
  const get = () => fetch(`http://127.0.0.1:${agent.port}${MODE}`);
  const first = get();
  await asked.promise;
  await clock.advance(2 * SECOND);
  assert.equal((await first).status, 504);

  hangs = false;
  assert.equal((await get()).status, 200);
  await publish({ mode: "shadow" });
  hangs = true;
  await clock.advance(45 * SECOND);
  agent.invoked();
  await clock.advance(2 * SECOND);
  assert.equal(await (await get()).text(), '{"mode":"old"}');
  hangs = false;
  await clock.advance(45 * SECOND);
  agent.invoked();
  await settle();
  assert.equal(await (await get()).text(), '{"mode":"shadow"}');
});

test("a session that expired while the environment idled is opened anew", async (t) => {
  const { publish, start, clock, settle } = await agentFixture(t);
  await publish({ mode: "old" });
  const { get, invoked } = await start();
  await get();
  await publish({ mode: "shadow" });
  await clock.advance(25 * HOUR);
  invoked();
  await settle();
  assert.equal(await (await get()).text(), '{"mode":"shadow"}');
});

test("without a document the failure is told, and the next request tries again", async (t) => {
  const { publish, start, appConfig } = await agentFixture(t);
  const { get } = await start();
  assert.equal((await get()).status, 404);
  appConfig.setOutage({ status: 503, type: "InternalServerException", message: "down" });
  assert.equal((await get()).status, 500);
  appConfig.setOutage({ status: 504, type: "Timeout", message: "slow" });
  assert.equal((await get()).status, 504);
  appConfig.setOutage();
  assert.equal((await get("/")).status, 400);
  assert.equal((await get(`${MODE}?flag=x`)).status, 400);
  await publish({ mode: "old" });
  assert.equal((await get()).status, 200);
});
