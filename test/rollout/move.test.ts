import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { AppConfigClient } from "@aws-sdk/client-appconfig";
import type { ModeDocument } from "../../lib/mode/mode-document.ts";
import { rampTo, strategyFor } from "../../lib/rollout/move.ts";
import { wilsonLowerBound, wilsonUpperBound } from "../../lib/rollout/wilson.ts";

describe("a ramp", () => {
  const sample = { matches: 0.5 };

  it("leads to the next mode, keeps the sampling, and drops the override", () => {
    const from: ModeDocument = { mode: "shadow", sample, override: "once" };
    const ramp = { mode: "reverse-shadow", percent: 12.5 } as const;
    assert.deepEqual(rampTo(from, 12.5), { mode: "shadow", ramp, sample });
    assert.deepEqual(rampTo({ mode: "shadow", ramp }, 0), { mode: "shadow" });
  });

  it("has bounds", () => {
    assert.throws(() => rampTo({ mode: "new" }, 5), RangeError);
    for (const percent of [-1, 100.1, NaN]) {
      assert.throws(() => rampTo({ mode: "shadow" }, percent), /ramp.percent/);
    }
  });
});

describe("the strategy of a move", () => {
  const target = {
    client: new AppConfigClient({ region: "us-east-1" }),
    applicationId: "a",
    environmentId: "e",
    profileId: "p",
    gradualStrategyId: "gradual",
    immediateStrategyId: "immediate",
  };
  const ramped = (percent: number): ModeDocument => rampTo({ mode: "shadow" }, percent);
  const cases: [from: ModeDocument, to: ModeDocument, strategy: string][] = [
    [{ mode: "old" }, { mode: "shadow" }, "immediate"],
    [{ mode: "old" }, rampTo({ mode: "old" }, 10), "immediate"],
    [{ mode: "shadow" }, { mode: "reverse-shadow" }, "gradual"],
    [{ mode: "reverse-shadow" }, { mode: "new" }, "gradual"],
    [{ mode: "shadow" }, ramped(10), "gradual"],
    [ramped(10), ramped(50), "gradual"],
    [ramped(50), ramped(10), "immediate"],
    [{ mode: "new" }, { mode: "reverse-shadow" }, "immediate"],
  ];
  for (const [from, to, strategy] of cases) {
    it(`is ${strategy} from ${JSON.stringify(from)} to ${JSON.stringify(to)}`, () => {
      assert.equal(strategyFor(target, from, to), strategy);
    });
  }
});

describe("the interval of a rate", () => {
  it("holds the rate, and is narrower the more was seen", () => {
    assert.equal(wilsonLowerBound(0, 192), 0);
    assert.ok(wilsonLowerBound(1, 192) > 0.98);
    for (const samples of [1, 20, 1_000]) {
      assert.ok(wilsonLowerBound(0.2, samples) < 0.2 && wilsonUpperBound(0.2, samples) > 0.2);
    }
    assert.ok(wilsonLowerBound(0.2, 1_000) > wilsonLowerBound(0.2, 20));
  });
});
