import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { setUpLambda, until } from "./harness.ts";

/** Variables with which a module knows that it is loaded for the first time. */
function firstTime(t: TestContext) {
  const directory = mkdtempSync(join(tmpdir(), "segue-test-"));
  t.after(() => rmSync(directory, { recursive: true }));
  return { Variables: { MARK: join(directory, "mark") } };
}
const isFirst = `
const { existsSync, writeFileSync } = require("node:fs");
const isFirst = !existsSync(process.env.MARK);
writeFileSync(process.env.MARK, "");
console.log(isFirst ? "first" : "again");
`;
const handler = "exports.handler = async (event, context) => context.getRemainingTimeInMillis();";

const failures: [what: string, code: string][] = [
  ["takes too long", "for (;;);"],
  ["throws", "throw new Error('no');"],
  ["exits", "process.exit(1);"],
];
for (const [what, code] of failures) {
  test(`starts an init over that ${what}, within the function's time`, async (t) => {
    const { define, invoke, lines } = await setUpLambda(t, { initSeconds: 1 });
    const source = `${isFirst} if (isFirst) { ${code} } ${handler}`;
    await define("init", source, { Environment: firstTime(t), Timeout: 30 });
    const { result } = await invoke("init");
    // What the second init took is gone from it.
    assert.ok(result > 20_000 && result < 30_000, JSON.stringify(result));
    const printed = lines.map(({ line }) => line).filter((line) => /^(first|again)$/.test(line));
    assert.deepEqual(printed, ["first", "again"]);
    assert.ok((await invoke("init")).result > 29_000);
  });
}

test("answers an init's error after the second failure", async (t) => {
  const { define, invoke, lines } = await setUpLambda(t);
  await define("broken", "console.log('init'); throw new RangeError('too far');");
  const { result, FunctionError } = await invoke("broken");
  assert.equal(FunctionError, "Unhandled");
  assert.deepEqual([result.errorType, result.errorMessage], ["RangeError", "too far"]);
  assert.equal(lines.filter(({ line }) => line === "init").length, 2);
});

test("lets an init that is started over take the function's time and no more", async (t) => {
  const { define, invoke } = await setUpLambda(t, { initSeconds: 0.5 });
  await define("slow", "for (;;);", { Timeout: 1 });
  const { result, $metadata } = await invoke("slow");
  assert.deepEqual(result, {
    errorType: "Sandbox.Timedout",
    errorMessage: `RequestId: ${$metadata.requestId} Error: Task timed out after 1.00 seconds`,
  });
});

test("closes while an init hangs", async (t) => {
  const { define, invoke, lambda, lines } = await setUpLambda(t);
  await define("slow", "console.log('init'); for (;;);", { Timeout: 60 });
  const invocation = invoke("slow");
  await until("it has begun", () => lines.length === 1);
  await lambda.close();
  assert.equal((await invocation).result.errorType, "Runtime.ExitError");
  assert.equal(lines.length, 1);
});
