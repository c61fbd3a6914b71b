import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { it, type TestContext } from "node:test";
import { AppConfigClient, ListApplicationsCommand } from "@aws-sdk/client-appconfig";
import { clockOf } from "../../lib/rollout/clients.ts";

/** An AppConfig that knows nothing but the time. */
async function serveDates(test: TestContext, dates: (string | undefined)[]) {
  const server = createServer((_, response) => {
    const date = dates.shift();
    response.sendDate = false;
    response.writeHead(200, { "content-type": "application/json", ...(date && { date }) });
    response.end('{"Items":[]}');
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const client = new AppConfigClient({
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    region: "us-east-1",
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
  });
  test.after(() => {
    client.destroy();
    server.closeAllConnections();
    server.close();
  });
  return client;
}

it("clockOf goes by the newest answer that has a time, and by the machine before the first", async (test) => {
  const client = await serveDates(test, ["Thu, 01 Jan 2026 10:00:00 GMT", undefined, "yesterday"]);
  const now = clockOf(client);
  const isAbout = (time: number) =>
    assert.ok(Math.abs(now() - time) < 30_000, new Date(now()).toISOString());
  isAbout(Date.now());
  for (let answers = 0; answers < 3; answers++) {
    await client.send(new ListApplicationsCommand());
    isAbout(Date.UTC(2026, 0, 1, 10));
  }
});
