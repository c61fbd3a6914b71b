import assert from "node:assert/strict";
import { createServer, type ServerResponse } from "node:http";
import { test, type TestContext } from "node:test";
import { serveExtension } from "../../lib/lambda/extension.ts";
import type { InvokeEvent } from "../../lib/lambda/hold.ts";
import { closeServer, listen } from "../../lib/local/listen.ts";

const EVENT = { eventType: "INVOKE", requestId: "a", deadlineMs: 1_000, invokedFunctionArn: "arn" };

/** A platform of which the test gives each answer. */
async function platform(t: TestContext) {
  const waiting: ServerResponse[] = [];
  let arrived = Promise.withResolvers<void>();
  const ids: unknown[] = [];
  const server = createServer((incoming, outgoing) => {
    ids.push(incoming.headers["lambda-extension-identifier"]);
    assert.equal(incoming.url, "/2020-01-01/extension/event/next");
    waiting.push(outgoing);
    arrived.resolve();
  });
  t.after(() => closeServer(server));
  const api = `127.0.0.1:${await listen(server)}`;
  return {
    api,
    ids,
    async asked(): Promise<ServerResponse> {
      await arrived.promise;
      arrived = Promise.withResolvers();
      return waiting.shift()!;
    },
  };
}

/** Serves, and gives what is handled; what the handling waits for is the test's to end. */
function serve(api: string) {
  const handled: InvokeEvent[] = [];
  const ends: (() => void)[] = [];
  const failures: unknown[] = [];
  void serveExtension(api, "the id", {
    invoked(event) {
      handled.push(event);
      return new Promise((end) => ends.push(end));
    },
    failed: (error) => void failures.push(error),
  });
  return { handled, failures, end: () => ends.shift()!() };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await turn();
}

test("asks for the next event when the last one is handled", async (t) => {
  const { api, ids, asked } = await platform(t);
  const { handled, end } = serve(api);
  for (const count of [1, 2, 3]) {
    (await asked()).end(JSON.stringify({ ...EVENT, requestId: String(count) }));
    await until(() => handled.length === count);
    assert.deepEqual(handled.at(-1), { requestId: String(count), deadlineMs: 1_000 });
    assert.equal(ids.length, count);
    end();
  }
  await asked();
  assert.deepEqual(new Set(ids), new Set(["the id"]));
});

test("asks again at once where the connection has broken, and says nothing", async (t) => {
  const { api, asked } = await platform(t);
  const { handled, end, failures } = serve(api);
  for (const count of [1, 2]) {
    (await asked()).destroy();
    (await asked()).end(JSON.stringify(EVENT));
    await until(() => handled.length === count);
    end();
  }
  await asked();
  assert.deepEqual(failures, []);
});

for (const [what, answer] of [
  ["a connection that breaks", (outgoing) => outgoing.destroy()],
  ["a refusal", (outgoing) => outgoing.writeHead(403).end("Extension.InvalidExtensionState")],
  ["what is no JSON", (outgoing) => outgoing.end("<html>")],
  ["no event", (outgoing) => outgoing.end("null")],
  ["nothing", (outgoing) => outgoing.end()],
] as [what: string, answer: (outgoing: ServerResponse) => void][]) {
  test(`tells once of ${what} time and again, and goes on asking`, async (t) => {
    const { api, asked } = await platform(t);
    const { handled, failures, end } = serve(api);
    for (let count = 0; count < 4; count++) answer(await asked());
    (await asked()).end(JSON.stringify(EVENT));
    await until(() => handled.length === 1);
    assert.equal(failures.length, 1);
    end();
    await asked();
  });
}

test("takes an answer in pieces, of which one cuts a character in two", async (t) => {
  const { api, asked } = await platform(t);
  const { handled, end } = serve(api);
  const body = Buffer.from(JSON.stringify({ ...EVENT, requestId: "ä" }));
  const middle = body.indexOf(Buffer.from("ä")) + 1;
  const answer = await asked();
  answer.write(body.subarray(0, middle));
  await turn();
  answer.end(body.subarray(middle));
  await until(() => handled.length === 1);
  assert.equal(handled[0]!.requestId, "ä");
  end();
  await asked();
});
