import assert from "node:assert/strict";
import { test } from "node:test";
import { isAlive, setUpLambda, until } from "./harness.ts";

test("kills what takes longer than its timeout, with what that has started", async (t) => {
  const { define, invoke, lines } = await setUpLambda(t);
  await define(
    "slow",
    `const { spawn } = require("node:child_process");
    exports.handler = async (event) => {
      if (event === "pid") return process.pid;
      const child = spawn("sleep", ["1000"], { stdio: "inherit" });
      console.log(JSON.stringify([process.pid, child.pid]));
      if (event === "busy") for (;;);
      await new Promise(() => {});
    };`,
    { Timeout: 1 },
  );
  for (const event of ["idle", "busy"]) {
    const { result, FunctionError, $metadata } = await invoke("slow", event);
    assert.equal(FunctionError, "Unhandled");
    assert.deepEqual(result, {
      errorType: "Sandbox.Timedout",
      errorMessage: `RequestId: ${$metadata.requestId} Error: Task timed out after 1.00 seconds`,
    });
    const pids = JSON.parse(lines.at(-1)!.line) as number[];
    await until("its processes are gone", () => !pids.some(isAlive));
    assert.notEqual((await invoke("slow", "pid")).result, pids[0]);
  }
});

const crashes: [what: string, code: string, errorType: string, errorMessage: RegExp][] = [
  ["an exit", "process.exit(3)", "Runtime.ExitError", /Runtime exited with error: exit status 3$/],
  ["an exit with 0", "process.exit(0)", "Runtime.ExitError", /exited without providing a reason$/],
  [
    "a signal",
    "process.kill(process.pid, 'SIGKILL')",
    "Runtime.ExitError",
    /Runtime exited with error: signal: killed$/,
  ],
  [
    "an unhandled rejection",
    "Promise.reject(new RangeError('too far'))",
    "Runtime.ExitError",
    /Runtime exited with error: exit status 1$/,
  ],
  [
    "an uncaught exception",
    "setImmediate(() => { throw new RangeError('too far'); })",
    "Runtime.ExitError",
    /Runtime exited with error: exit status 1$/,
  ],
];
for (const [what, code, errorType, errorMessage] of crashes) {
  test(`answers ${what} in mid-invocation, and goes on in a new environment`, async (t) => {
    const { define, invoke } = await setUpLambda(t);
    const rest = "await new Promise(() => setTimeout(() => {}, 1e6));";
    await define(
      "crash",
      `exports.handler = async (event) => { if (!event.crash) return process.pid; ${code}; ${rest} };`,
    );
    const before = (await invoke("crash", {})).result;
    const { result, FunctionError } = await invoke("crash", { crash: true });
    assert.equal(FunctionError, "Unhandled");
    assert.equal(result.errorType, errorType);
    assert.match(result.errorMessage, errorMessage);
    assert.notEqual((await invoke("crash", {})).result, before);
  });
}

test("frees the concurrency of an environment that has died", async (t) => {
  const { define, invoke } = await setUpLambda(t);
  await define("crash", "exports.handler = async () => process.exit(1);", {
    ReservedConcurrentExecutions: 1,
  });
  for (let count = 0; count < 3; count++) {
    assert.equal((await invoke("crash")).result.errorType, "Runtime.ExitError");
  }
});

test("answers, though a process that left the group holds its output open", async (t) => {
  const { define, invoke, lines } = await setUpLambda(t);
  await define(
    "escape",
    `const { spawn } = require("node:child_process");
    exports.handler = async () => {
      console.log(spawn("sleep", ["1000"], { stdio: "inherit", detached: true }).pid);
      process.exit(1);
    };`,
  );
  t.after(() => lines.forEach(({ line }) => process.kill(Number(line), "SIGKILL")));
  assert.equal((await invoke("escape")).result.errorType, "Runtime.ExitError");
});

const inits: [what: string, files: Record<string, string>, errorType: string, message: RegExp][] = [
  [
    "a handler that isn't there",
    { "index.js": "exports.other = () => {};" },
    "Runtime.HandlerNotFound",
    /^index\.handler is undefined or not exported$/,
  ],
  [
    "a file that isn't there",
    { "other.js": "" },
    "Runtime.ImportModuleError",
    /Cannot find module 'index'/,
  ],
  [
    "a package that the bundle lacks",
    { "index.js": "require('oxlint');" },
    "Runtime.ImportModuleError",
    /Cannot find module 'oxlint'/,
  ],
  [
    "a package that the module lacks",
    { "index.mjs": "import 'oxlint';" },
    "Error",
    /Cannot find package 'oxlint'/,
  ],
  [
    "an SDK client that isn't installed",
    { "index.mjs": "import '@aws-sdk/client-nobody';" },
    "Error",
    /@aws-sdk\/client-nobody/,
  ],
  ["a syntax error", { "index.js": "const = 1;" }, "Runtime.UserCodeSyntaxError", /SyntaxError/],
  ["an error at the top", { "index.js": "throw new TypeError('no');" }, "TypeError", /^no$/],
  [
    "a callback handler",
    { "index.js": "exports.handler = (event, context, callback) => {};" },
    "Runtime.CallbackHandlerDeprecated",
    /callback-based/,
  ],
  [
    "an exit at the top",
    { "index.js": "process.exit(1)" },
    "Runtime.ExitError",
    /Runtime exited with error: exit status 1$/,
  ],
  [
    "a rejection at the top",
    {
      "index.js":
        "Promise.reject(new Error('early')); setInterval(() => {}, 1000);" +
        "exports.handler = () => new Promise(() => {});",
    },
    "Runtime.ExitError",
    /Runtime exited with error: exit status 1$/,
  ],
];
for (const [what, files, errorType, errorMessage] of inits) {
  test(`answers ${what}`, async (t) => {
    const { define, invoke } = await setUpLambda(t);
    await define("broken", files);
    // Twice: an environment that failed isn't used again.
    for (let count = 0; count < 2; count++) {
      const { result, FunctionError } = await invoke("broken", {});
      assert.equal(FunctionError, "Unhandled");
      assert.equal(result.errorType, errorType);
      assert.match(result.errorMessage, errorMessage);
    }
  });
}

const definitions: [what: string, properties: object, message: RegExp][] = [
  [
    "another runtime",
    { Runtime: "python3.13" },
    /Runtime: got python3.13, allowed is nodejs22.x or/,
  ],
  ["no runtime", { Runtime: undefined }, /Runtime is required/],
  ["another layer", { Layers: ["arn:aws:lambda:x:1:layer:Other:1"] }, /Layers: got arn:.*Other:1/],
  ["an unknown property", { VpcConfig: {} }, /^AWS::Lambda::Function: unknown property VpcConfig$/],
  ["a path as its name", { FunctionName: "../up" }, /FunctionName: got \.\.\/up$/],
  ["an image", { PackageType: "Image" }, /PackageType: got Image, allowed is Zip/],
  ["an unknown asset", { Code: { S3Bucket: "b", S3Key: "none.zip" } }, /no asset none\.zip/],
  [
    "a variable of Lambda's own",
    { Environment: { Variables: { AWS_REGION: "mars", A: "1" } } },
    /reserved variables AWS_REGION$/,
  ],
];
for (const [what, properties, message] of definitions) {
  test(`refuses a function with ${what}`, async (t) => {
    const { define } = await setUpLambda(t);
    await assert.rejects(define("refused", "", properties), { message });
  });
}
