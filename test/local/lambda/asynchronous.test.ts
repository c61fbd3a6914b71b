import assert from "node:assert/strict";
import { test } from "node:test";
import { manualClock } from "../../../lib/local/clock.ts";
import { setUpLambda, until } from "./harness.ts";

const failing = "exports.handler = async (event) => { throw new Error(event); };";

test("answers 202 at once, and retries twice: after one minute and after two more", async (t) => {
  const clock = manualClock();
  const { define, invoke, lines } = await setUpLambda(t, { clock });
  const noted = t.mock.method(console, "error", () => {});
  await define("fail", failing);
  const { StatusCode, result } = await invoke("fail", "no", { InvocationType: "Event" });
  assert.equal(StatusCode, 202);
  assert.equal(result, undefined);

  // The schedule is made when the answer is in, some time after the line.
  const attempted = async (count: number, waitMs: number) => {
    await until(`attempt ${count}`, () => lines.length === count);
    while (lines.length === count && noted.mock.callCount() === 0) await clock.advance(waitMs / 10);
  };
  const start = clock.now();
  await attempted(1, 60_000);
  assert.ok(clock.now() - start >= 60_000);
  await attempted(2, 60_000);
  assert.ok(clock.now() - start >= 180_000);
  await until("it gives up", () => noted.mock.callCount() === 1);
  assert.equal(new Set(lines.map(({ requestId }) => requestId)).size, 1);
  assert.equal(lines.length, 3);
});

test("retries as often as the function's event configuration says", async (t) => {
  const { define, create, invoke, lines } = await setUpLambda(t, { clock: manualClock() });
  const noted = t.mock.method(console, "error", () => {});
  await define("fail", failing);
  const config = { FunctionName: "fail", Qualifier: "$LATEST", MaximumRetryAttempts: 0 };
  await create("EventInvokeConfig", "Config", config);
  await invoke("fail", "no", { InvocationType: "Event" });
  await until("it gives up", () => noted.mock.callCount() === 1);
  assert.equal(lines.length, 1);
});

test("drops retries when it closes", async (t) => {
  const { define, invoke, lines, lambda } = await setUpLambda(t, { clock: manualClock() });
  await define("fail", failing);
  await invoke("fail", "no", { InvocationType: "Event" });
  await until("it has failed once", () => lines.length === 1);
  await lambda.close();
  assert.equal(lines.length, 1);
});
