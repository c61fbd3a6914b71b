import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { setUpLambda } from "./harness.ts";

const own = join(import.meta.dirname, "../../../lib/local/lambda/bootstrap.ts");

test("runs the client that the variable names, else its own", async (t) => {
  const { define, invoke } = await setUpLambda(t);
  await define("argv", "exports.handler = async () => process.argv[1];");
  const expected = process.env["SEGUE_LAMBDA_RUNTIME_CLIENT"] ?? own;
  assert.equal((await invoke("argv")).result, expected);
});

test("runs the client that it is given", async (t) => {
  const { define, invoke } = await setUpLambda(t, { runtimeClient: own });
  await define("argv", "exports.handler = async () => process.argv[1];");
  assert.equal((await invoke("argv")).result, own);
});
