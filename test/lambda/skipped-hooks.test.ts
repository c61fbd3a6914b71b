import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it, mock } from "node:test";
import { whenHooksAreSkipped } from "../../lib/lambda/skipped-hooks.ts";

describe("hooks that Middy won't run any more", () => {
  beforeEach(() => mock.timers.enable({ apis: ["setInterval"] }));
  afterEach(() => mock.timers.reset());

  for (const [what, change] of [
    ["an early response", { earlyResponse: "early" }],
    ["an early response of undefined", { earlyResponse: undefined }],
    ["an error", { error: new Error() }],
    ["an error of null", { error: null }],
  ] as const) {
    it(`are known by ${what}, and told of once`, () => {
      const request = { error: undefined };
      let told = 0;
      whenHooksAreSkipped(request, () => told++);
      mock.timers.tick(1_000);
      assert.equal(told, 0);
      Object.assign(request, change);
      assert.equal(told, 0, "the hooks may yet run");
      mock.timers.tick(1_000);
      assert.equal(told, 1);
    });
  }

  it("are not looked for when they have run", () => {
    const request = { error: undefined };
    const stop = whenHooksAreSkipped(request, () => assert.fail());
    stop();
    Object.assign(request, { error: new Error() });
    mock.timers.tick(1_000);
  });
});
