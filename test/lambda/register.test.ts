import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { test, type TestContext } from "node:test";
import { Worker } from "node:worker_threads";
import { registerExtension } from "../../lib/lambda/register.ts";
import { closeServer, listen } from "../../lib/local/listen.ts";

/** A server that gives one answer, in a thread of its own: registering blocks this one. */
async function platform(
  t: TestContext,
  answer: { status?: number; headers?: object; body?: string; breaksOff?: boolean },
) {
  const thread = new Worker(
    `const { parentPort, workerData } = require("node:worker_threads");
    const server = require("node:http").createServer((incoming, outgoing) => {
      let text = "";
      incoming.on("data", (chunk) => (text += chunk));
      incoming.on("end", () => {
        const { method, url, headers } = incoming;
        parentPort.postMessage({ method, url, headers, body: text });
        outgoing.writeHead(workerData.status, workerData.headers);
        if (!workerData.breaksOff) outgoing.end(workerData.body);
        else outgoing.write(workerData.body, () => outgoing.destroy());
      });
    });
    server.listen(0, "127.0.0.1", () => parentPort.postMessage(server.address().port));`,
    { eval: true, execArgv: [], workerData: { status: 200, headers: {}, body: "", ...answer } },
  );
  t.after(() => thread.terminate());
  const [port] = await once(thread, "message");
  return { api: `127.0.0.1:${port}`, asked: once(thread, "message") };
}

test("registers for invocations before it returns", async (t) => {
  const { api, asked } = await platform(t, {
    headers: { "Lambda-Extension-Identifier": "the id" },
  });
  assert.equal(registerExtension(api, "middy-segue"), "the id");
  const [{ method, url, headers, body }] = await asked;
  assert.deepEqual([method, url], ["POST", "/2020-01-01/extension/register"]);
  assert.equal(headers["lambda-extension-name"], "middy-segue");
  assert.deepEqual(JSON.parse(body), { events: ["INVOKE"] });
});

for (const [what, answer, message] of [
  ["that refuses", { status: 403, body: "RegistrationClosed" }, /HTTP 403 RegistrationClosed/],
  ["that knows no extensions", { status: 404 }, /HTTP 404/],
  ["that gives no identifier", {}, /no identifier/],
] as const) {
  test(`says why a platform ${what} has none`, async (t) => {
    const { api } = await platform(t, answer);
    assert.throws(() => registerExtension(api, "middy-segue"), message);
  });
}

test("says why where nobody is there", async () => {
  const server = createServer();
  const port = await listen(server);
  await closeServer(server);
  assert.throws(() => registerExtension(`127.0.0.1:${port}`, "middy-segue"), /ECONNREFUSED/);
});

test("says why where the answer breaks off", async (t) => {
  const { api } = await platform(t, { body: "half", breaksOff: true });
  assert.throws(() => registerExtension(api, "middy-segue"), /aborted|ECONNRESET|hang up/);
});

for (const api of ["", "no host", "127.0.0.1:99999999", "::"]) {
  test(`says why for an address that is none: ${JSON.stringify(api)}`, () => {
    assert.throws(() => registerExtension(api, "middy-segue"), /registering the extension failed/);
  });
}

test("gives up on a platform that never answers", async (t) => {
  // This thread's own server: while it is blocked, nobody answers.
  const server = createServer();
  t.after(() => closeServer(server));
  const port = await listen(server);
  assert.throws(
    () => registerExtension(`127.0.0.1:${port}`, "middy-segue", { limitMs: 300 }),
    /no answer in 300 ms/,
  );
});
