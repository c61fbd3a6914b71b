import assert from "node:assert/strict";
import { it } from "node:test";
import { Invocation } from "../../lib/call/invocation.ts";

it("tells a call that is due already, without a warning of Node's", async () => {
  const warnings: Error[] = [];
  const listen = (warning: Error) => warnings.push(warning);
  process.on("warning", listen);
  try {
    const invocation = new Invocation("request-1", () => 30_000, 500);
    await new Promise<void>((resolve) => {
      const call = {
        // As of a secondary that was busy for longer than its time before it gave its promise.
        dueAt: performance.now() - 100,
        timeOut: () => {
          invocation.ended(call);
          resolve();
        },
        abandon: () => {},
      };
      invocation.began(call);
      invocation.watch(call);
    });
    await invocation.close();
  } finally {
    process.off("warning", listen);
  }
  assert.deepEqual(warnings, []);
});
