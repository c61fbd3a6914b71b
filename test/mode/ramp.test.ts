import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { rampBucket } from "../../lib/mode/ramp.ts";

describe("rampBucket", () => {
  it("is the same in every run and on every machine", () => {
    // SHA-256 of "customer-ids\0m-1" begins with these 32 bits; computed once with another tool.
    assert.equal(rampBucket("customer-ids", "m-1"), rampBucket("customer-ids", "m-1"));
    assert.equal(rampBucket("customer-ids", "m-1").toFixed(6), "70.636239");
  });

  it("differs by migration, so that it isn't the same customers who go first everywhere", () => {
    assert.notEqual(rampBucket("customer-ids", "m-1"), rampBucket("payments", "m-1"));
  });

  it("spreads keys evenly: each percent has 1 % of them", () => {
    const counts = new Array<number>(100).fill(0);
    const keys = 100_000;
    for (let key = 0; key < keys; key++) counts[Math.floor(rampBucket("even", `m-${key}`))]!++;
    let below = 0;
    counts.forEach((count, percent) => {
      below += count;
      const share = (100 * below) / keys;
      assert.ok(Math.abs(share - (percent + 1)) < 1, `${share} % of the keys below ${percent + 1}`);
    });
  });
});
