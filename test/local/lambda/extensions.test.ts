import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { createServer, type ServerResponse } from "node:http";
import { closeServer, listen } from "../../../lib/local/listen.ts";
import { isAlive, isStopped, setUpLambda, until } from "./harness.ts";

/** A function's module with an extension of its own, which works after the response. */
const holding = `
const api = "http://" + process.env.AWS_LAMBDA_RUNTIME_API + "/2020-01-01/extension";
const registered = await fetch(api + "/register", {
  method: "POST",
  headers: { "lambda-extension-name": "hold" },
  body: JSON.stringify({ events: ["INVOKE"] }),
});
const headers = { "lambda-extension-identifier": registered.headers.get("lambda-extension-identifier") };
let work = Promise.withResolvers();
const hold = async () => {
  for (;;) {
    const event = await (await fetch(api + "/event/next", { headers })).json();
    if (event.eventType !== "INVOKE") throw new Error(event.eventType);
    await (await work.promise)(event);
    work = Promise.withResolvers();
  }
};
void hold();
const after = (task) => work.resolve(task);
`;

/** Where a function waits until the test lets it go on. */
async function openGate(t: TestContext) {
  const waiting: ServerResponse[] = [];
  const server = createServer((_, response) => void waiting.push(response));
  const url = `http://127.0.0.1:${await listen(server)}`;
  t.after(() => closeServer(server));
  return {
    url,
    arrived: (count = 1) => until("it waits at the gate", () => waiting.length >= count),
    release: () => waiting.splice(0).forEach((response) => response.end()),
  };
}

const atGate = {
  "index.mjs": `${holding}
    export const handler = async (url) => {
      after(async ({ requestId }) => {
        if (!url) return;
        await fetch(url);
        console.log("worked for " + requestId);
      });
      return process.pid;
    };`,
};

test("answers before an extension is done, and freezes when it is", async (t) => {
  const { define, invoke, lines } = await setUpLambda(t);
  await define("hold", atGate, { Timeout: 30 });
  const gate = await openGate(t);
  for (let count = 1; count <= 3; count++) {
    const { result: pid, $metadata } = await invoke("hold", gate.url);
    await gate.arrived();
    assert.equal(lines.length, count - 1);
    assert.ok(!isStopped(pid));
    gate.release();
    await until("it is frozen", () => isStopped(pid));
    const { requestId } = $metadata;
    await until("its output is read", () => lines.length === count);
    assert.deepEqual(lines.at(-1), {
      functionName: "hold",
      requestId,
      line: `worked for ${requestId}`,
    });
  }
});

test("uses another environment while an extension holds one, and then that one again", async (t) => {
  const { define, invoke } = await setUpLambda(t);
  await define("hold", atGate, { Timeout: 30 });
  const gate = await openGate(t);
  const held = (await invoke("hold", gate.url)).result as number;
  await gate.arrived();
  const other = (await invoke("hold", "")).result as number;
  assert.notEqual(other, held);
  await until("the other is frozen", () => isStopped(other));
  assert.ok(!isStopped(held));
  gate.release();
  await until("both are frozen", () => isStopped(held) && isStopped(other));
  const pids = [(await invoke("hold", "")).result, (await invoke("hold", "")).result];
  assert.ok(pids.every((pid) => pid === held || pid === other));
});

test("waits a moment for a held environment where there may be no other, then throttles", async (t) => {
  const { define, invoke } = await setUpLambda(t);
  await define("hold", atGate, { Timeout: 30, ReservedConcurrentExecutions: 1 });
  const gate = await openGate(t);
  const held = (await invoke("hold", gate.url)).result as number;
  await gate.arrived();
  await assert.rejects(invoke("hold", ""), {
    name: "TooManyRequestsException",
    Reason: "ReservedFunctionConcurrentInvocationLimitExceeded",
  });
  const next = invoke("hold", "");
  gate.release();
  assert.equal((await next).result, held);
});

test("kills an environment that an extension holds past the deadline; its answer stays", async (t) => {
  const { define, invoke } = await setUpLambda(t);
  await define("hold", atGate, { Timeout: 1 });
  const gate = await openGate(t);
  const { result: pid, FunctionError } = await invoke("hold", gate.url);
  assert.equal(FunctionError, undefined);
  await gate.arrived();
  assert.ok(isAlive(pid));
  await until("it is killed", () => !isAlive(pid));
  const again = await invoke("hold", "");
  assert.equal(again.FunctionError, undefined);
  assert.notEqual(again.result, pid);
});

test("does not invoke before every extension is ready, and starts over for one that never is", async (t) => {
  const { define, invoke } = await setUpLambda(t, { initSeconds: 0.5 });
  const code = holding.replace("void hold();", "") + "export const handler = async () => 1;";
  await define("mute", { "index.mjs": code }, { Timeout: 1 });
  const { result } = await invoke("mute");
  assert.equal(result.errorType, "Sandbox.Timedout");
  assert.match(result.errorMessage, /Task timed out after 1\.00 seconds$/);
});

test("answers an extension's error when its process ends", async (t) => {
  const { define, invoke } = await setUpLambda(t);
  const report = (kind: string) => `await fetch(api + "/${kind}/error", {
    method: "POST",
    headers: { ...headers, "lambda-extension-function-error-type": "Hold.Broken" },
  }); process.exit(3);`;
  const handler = "export const handler = async () => { await new Promise(() => {}); };";
  const early = holding.replace("void hold();", report("init"));
  await define("init", { "index.mjs": early + handler });
  const late = `${holding} export const handler = async () => { ${report("exit")} };`;
  await define("exit", { "index.mjs": late });
  for (const [name, errorType] of [
    ["init", "Extension.InitError"],
    ["exit", "Extension.ExitError"],
  ] as const) {
    const { result } = await invoke(name);
    assert.equal(result.errorType, errorType);
    assert.match(result.errorMessage, /Runtime exited with error: exit status 3$/);
  }
});

test("registers nobody after init", async (t) => {
  const { define, invoke } = await setUpLambda(t);
  await define("late", {
    "index.mjs": `export const handler = async () => {
      const api = "http://" + process.env.AWS_LAMBDA_RUNTIME_API + "/2020-01-01/extension";
      const response = await fetch(api + "/register", {
        method: "POST",
        headers: { "lambda-extension-name": "late" },
        body: JSON.stringify({ events: ["INVOKE"] }),
      });
      return response.json();
    };`,
  });
  assert.equal((await invoke("late")).result.errorType, "Extension.RegistrationClosed");
});

// It says when it is asked to end.
const polite = {
  "index.mjs": `${holding}
    process.on("SIGTERM", () => { console.log("SIGTERM"); process.exit(); });
    export const handler = async () => { after(() => {}); return process.pid; };`,
};
const rude = {
  "index.mjs": `${holding}
    process.on("SIGTERM", () => console.log("SIGTERM"));
    export const handler = async () => { after(() => {}); return process.pid; };`,
};
const alone = {
  "index.mjs": `process.on("SIGTERM", () => { console.log("SIGTERM"); process.exit(); });
    export const handler = async () => process.pid;`,
};

const shutdowns: [what: string, files: Record<string, string>, lines: string[]][] = [
  ["asks a frozen process with an extension to end", polite, ["SIGTERM"]],
  ["kills one that doesn't end within its grace", rude, ["SIGTERM"]],
  ["kills one without an extension unasked", alone, []],
];
for (const [what, files, expected] of shutdowns) {
  test(`${what}: when it retires, at the close, and for a new configuration`, async (t) => {
    const { define, invoke, lines, lambda, configure } = await setUpLambda(t);
    await define("fn", files);
    const frozen = async () => {
      const pid = (await invoke("fn")).result as number;
      await until("it is frozen", () => isStopped(pid));
      return pid;
    };
    const printed = () => lines.splice(0).map(({ line }) => line);

    const first = await frozen();
    await lambda.retire("fn");
    assert.ok(!isAlive(first));
    assert.deepEqual(printed(), expected);

    const second = await frozen();
    assert.notEqual(second, first);
    await configure("fn", { Description: "new" });
    await until("the old one is gone", () => !isAlive(second));
    assert.deepEqual(printed(), expected);

    const third = await frozen();
    await lambda.close();
    assert.ok(!isAlive(third));
    assert.deepEqual(printed(), expected);
  });
}

test("retires no environment that has an invocation, and no function that isn't there", async (t) => {
  const { define, invoke, lambda } = await setUpLambda(t);
  await define("hold", atGate, { Timeout: 30 });
  const gate = await openGate(t);
  const { result: pid } = await invoke("hold", gate.url);
  await gate.arrived();
  await lambda.retire("hold");
  assert.ok(isAlive(pid));
  await assert.rejects(lambda.retire("none"), { message: "no function none" });
});

test("leaves nothing behind when it closes while extensions hold", async (t) => {
  const { define, invoke, lambda } = await setUpLambda(t);
  await define("hold", atGate, { Timeout: 30 });
  const gate = await openGate(t);
  const invocations = [invoke("hold", gate.url), invoke("hold", gate.url)];
  const pids = (await Promise.all(invocations)).map(({ result }) => result as number);
  await gate.arrived(2);
  await lambda.close();
  assert.ok(!pids.some(isAlive));
});
