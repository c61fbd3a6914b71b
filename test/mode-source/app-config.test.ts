import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, it } from "node:test";
import { appConfigModeSource } from "../../lib/mode-source/app-config.ts";

const PORT = "AWS_APPCONFIG_EXTENSION_HTTP_PORT";

describe("the deployed stack's mode source, with the agent", () => {
  let server: Server;
  let answer: { status: number; body: string; version?: string };
  let asked: string[];
  let logged: string[];
  const log = (message: string, extra?: object) =>
    void logged.push(`${message} ${JSON.stringify(extra)}`);
  const logger = { warn: log, error: log };

  beforeEach(async () => {
    asked = [];
    logged = [];
    server = createServer((request, response) => {
      asked.push(request.url ?? "");
      if (answer.version !== undefined) response.setHeader("Configuration-Version", answer.version);
      response.writeHead(answer.status).end(answer.body);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    process.env[PORT] = String((server.address() as AddressInfo).port);
    process.env.SEGUE_MY_THINGS = JSON.stringify({
      application: "app 1",
      environment: "prod",
      profile: "mode",
      agent: true,
      table: "records",
      retentionDays: 30,
      defaultMode: "old",
    });
  });
  afterEach(async () => {
    delete process.env[PORT];
    delete process.env.SEGUE_MY_THINGS;
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  it("asks the agent, and takes the document and its version", async () => {
    answer = { status: 200, body: '{"mode":"shadow"}', version: "12" };
    const { document, version, counts } = await appConfigModeSource(logger).read(
      "my-things",
      10_000,
    );
    assert.deepEqual([document.mode, version, counts], ["shadow", "12", []]);
    assert.deepEqual(asked, ["/applications/app%201/environments/prod/configurations/mode"]);
  });

  it("counts an agent that refuses, and goes by the default", async () => {
    answer = { status: 404, body: "no such configuration" };
    const { document, counts } = await appConfigModeSource(logger).read("my-things", 10_000);
    assert.deepEqual(document, { mode: "old" });
    assert.deepEqual(counts, ["ModeReadFailures", "ModeDefaulted"]);
    assert.match(logged[0]!, /404: no such configuration/);
  });

  it("counts an agent that isn't there", async () => {
    process.env[PORT] = "1";
    const { counts } = await appConfigModeSource(logger).read("my-things", 10_000);
    assert.deepEqual(counts, ["ModeReadFailures", "ModeDefaulted"]);
  });

  for (const text of [undefined, "", "{}", '{"application":"a"}', '"old"', "null"]) {
    it(`stays in old where the function's environment says ${text}, and says so once`, async () => {
      if (text === undefined) delete process.env.SEGUE_MY_THINGS;
      else process.env.SEGUE_MY_THINGS = text;
      const source = appConfigModeSource(logger);
      for (let invocation = 0; invocation < 2; invocation++) {
        const { document, counts } = await source.read("my-things", 10_000);
        assert.deepEqual([document.mode, counts], ["old", ["ModeDefaulted"]]);
      }
      assert.equal(logged.length, 1);
      assert.match(logged[0]!, /SEGUE_MY_THINGS/);
    });
  }
});
