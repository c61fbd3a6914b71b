import assert from "node:assert/strict";
import { test } from "node:test";
import { printed, setUpLambda } from "./harness.ts";

test("hears each line with its invocation, before that answers", async (t) => {
  const { define, invoke, lines, lambda } = await setUpLambda(t);
  await define(
    "talk",
    `console.log("init");
    exports.handler = async (n) => {
      for (let i = 0; i < n; i++) console.log("line " + i + " ü");
      console.error("to stderr");
      process.stdout.write("unfinished");
    };`,
  );
  const first = await invoke("talk", 2);
  const requestId = first.$metadata.requestId!;
  assert.deepEqual(lines.slice(0, 3), [
    { functionName: "talk", line: "init" },
    { functionName: "talk", requestId, line: "line 0 ü" },
    { functionName: "talk", requestId, line: "line 1 ü" },
  ]);
  assert.deepEqual(lines[3], { functionName: "talk", requestId, line: "to stderr" });
  assert.deepEqual(
    lambda.logs("talk").map(({ line }) => printed(line)),
    lines.map(({ line }) => line),
  );

  // More than a pipe holds.
  for (let round = 0; round < 3; round++) {
    const { $metadata } = await invoke("talk", 20_000);
    const heard = lines.filter((line) => line.requestId === $metadata.requestId);
    assert.equal(heard.length, 20_001);
  }
});

test("gives the tail of the log with the answer", async (t) => {
  const { define, invoke } = await setUpLambda(t);
  await define("talk", "exports.handler = async (n) => console.log('x'.repeat(n));");
  await invoke("talk", 1, { LogType: "Tail" });
  const tail = async (length: number) => {
    const { LogResult } = await invoke("talk", length, { LogType: "Tail" });
    return Buffer.from(LogResult!, "base64").toString();
  };
  assert.equal(printed(await tail(3)), "xxx\n");
  assert.equal((await tail(10_000)).length, 4096);
  assert.equal((await invoke("talk", 1)).LogResult, undefined);
});

test("keeps what a process printed last before it died", async (t) => {
  const { define, invoke, lines } = await setUpLambda(t);
  await define(
    "die",
    "exports.handler = async () => { console.log('last words'); process.abort(); };",
  );
  assert.equal((await invoke("die")).FunctionError, "Unhandled");
  assert.equal(lines[0]!.line, "last words");
});
