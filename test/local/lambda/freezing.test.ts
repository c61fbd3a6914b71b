import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { closeServer, listen } from "../../../lib/local/listen.ts";
import { isAlive, isStopped, setUpLambda, until } from "./harness.ts";

function temporaryFile(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), "segue-test-"));
  t.after(() => rmSync(directory, { recursive: true }));
  return join(directory, "file");
}

// It writes a line each time that its event loop comes round, from the first invocation on.
const ticking = `
const { appendFileSync } = require("node:fs");
let ticks;
exports.handler = async (file) => {
  ticks ??= setInterval(() => appendFileSync(file, "tick\\n"), 1);
  return process.pid;
};`;

test("stops the process between invocations, whatever it left floating", async (t) => {
  const { define, invoke } = await setUpLambda(t);
  await define("tick", ticking);
  await define("other", "exports.handler = async () => {};");
  const file = temporaryFile(t);
  const pid = (await invoke("tick", file)).result as number;
  await until("it is frozen", () => isStopped(pid));
  const size = () => (existsSync(file) ? readFileSync(file).length : 0);
  const frozen = size();
  // While another environment starts, there would be a hundred ticks.
  await invoke("other");
  assert.equal(size(), frozen);

  assert.equal((await invoke("tick", file)).result, pid);
  await until("it is frozen again", () => isStopped(pid));
  await until("it ticks in its next invocation", () => size() > frozen);
});

test("loses what floats after the response, and goes on with it in the next invocation", async (t) => {
  const { define, invoke, lines } = await setUpLambda(t);
  const released = Promise.withResolvers<void>();
  const server = createServer((_, response) => {
    void released.promise.then(() => response.end());
  });
  const url = `http://127.0.0.1:${await listen(server)}`;
  t.after(() => closeServer(server));
  await define(
    "float",
    `exports.handler = async (url) => {
      if (url) void fetch(url).then(() => console.log("floated"));
      else await new Promise((resolve) => setTimeout(resolve, 100));
      return process.pid;
    };`,
  );
  const pid = (await invoke("float", url)).result as number;
  await until("it is frozen", () => isStopped(pid));
  // The answer comes, and nobody is there to read it.
  released.resolve();
  await define("other", "exports.handler = async () => {};");
  await invoke("other");
  assert.deepEqual(lines, []);
  const { $metadata } = await invoke("float", "");
  assert.deepEqual(
    lines.map(({ line, requestId }) => [line, requestId]),
    [["floated", $metadata.requestId]],
  );
});

test("stops what the process has started, too", async (t) => {
  const { define, invoke } = await setUpLambda(t);
  await define(
    "parent",
    `const { spawn } = require("node:child_process");
    let child;
    exports.handler = async () => [process.pid, (child ??= spawn("sleep", ["1000"])).pid];`,
  );
  for (let count = 0; count < 2; count++) {
    const pids = (await invoke("parent")).result as number[];
    await until("both are frozen", () => pids.every(isStopped));
  }
});

test("reads all that was printed before the freeze, in its invocation", async (t) => {
  const { define, invoke, lines } = await setUpLambda(t);
  await define(
    "talk",
    "exports.handler = async (count) => { for (let i = 0; i < count; i++) console.log('x'.repeat(100)); };",
  );
  for (const count of [1, 5000, 3]) {
    const { $metadata } = await invoke("talk", count);
    const heard = lines.filter(({ requestId }) => requestId === $metadata.requestId);
    assert.equal(heard.length, count);
  }
});

test("keeps a frozen process's connections", async (t) => {
  const { define, invoke } = await setUpLambda(t);
  const ports = new Set<number | undefined>();
  const server = createServer((incoming, response) => {
    ports.add(incoming.socket.remotePort);
    response.end();
  });
  const url = `http://127.0.0.1:${await listen(server)}`;
  t.after(() => closeServer(server));
  await define(
    "ask",
    `const http = require("node:http");
    const agent = new http.Agent({ keepAlive: true });
    exports.handler = async (url) => {
      await new Promise((resolve, reject) => {
        http.get(url, { agent }, (response) => response.resume().on("end", resolve)).on("error", reject);
      });
      return process.pid;
    };`,
  );
  for (let count = 0; count < 5; count++) {
    const pid = (await invoke("ask", url)).result as number;
    await until("it is frozen", () => isStopped(pid));
  }
  assert.equal(ports.size, 1);
});

test("starts another environment when a frozen one has been killed", async (t) => {
  const { define, invoke } = await setUpLambda(t);
  await define("pid", "exports.handler = async () => process.pid;");
  const pid = (await invoke("pid")).result as number;
  await until("it is frozen", () => isStopped(pid));
  process.kill(pid, "SIGKILL");
  await until("it is gone", () => !isAlive(pid));
  let { result, FunctionError } = await invoke("pid");
  // Its end may not have been noticed yet.
  if (FunctionError !== undefined) ({ result } = await invoke("pid"));
  assert.equal(typeof result, "number");
  assert.notEqual(result, pid);
});

test("freezes and thaws time after time", async (t) => {
  const { define, invoke } = await setUpLambda(t);
  await define(
    "count",
    `let count = 0;
    exports.handler = async () => { setInterval(() => {}, 1); return ++count; };`,
  );
  for (let count = 1; count <= 50; count++) assert.equal((await invoke("count")).result, count);
});
