import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { marshall } from "@aws-sdk/util-dynamodb";
import {
  calibrationPartitions,
  comparisonKey,
  comparisonPartitions,
  SHARDS,
} from "../../lib/records/keys.ts";
import { parsePath } from "../../lib/comparison/index.ts";
import { comparisonRecord } from "../../lib/records/record.ts";
import { comparisonOf } from "../support/comparison.ts";

const time = Date.UTC(2026, 0, 31, 23, 59, 59, 999);

describe("a comparison's key", () => {
  it("has no time and no chance in its id, so that a retry writes over it", () => {
    const first = comparisonKey(comparisonOf({ time }));
    const retried = comparisonKey(comparisonOf({ time: time - 1_000 }));
    assert.deepEqual(first, retried);
    assert.equal(first.sk, "request-1#get#0");
    assert.match(first.pk, /^things#comparison#2026-01-31T23#\d+$/);
  });

  it("of a calibration is never a comparison's, and lies in partitions of its own", () => {
    const given = comparisonOf({ time });
    const { pk, sk } = comparisonKey({ ...given, calibration: true });
    assert.equal(sk, "request-1#get#0#calibration");
    assert.match(pk, /^things#calibration#2026-01-31T23#\d+$/);
    assert.ok(calibrationPartitions("things", time).includes(pk));
    assert.ok(!comparisonPartitions("things", time).includes(pk));
  });

  it("is one of the hour's partitions, and all of them are used", () => {
    const partitions = comparisonPartitions("things", time);
    assert.equal(partitions.length, SHARDS);
    const used = new Set<string>();
    for (let request = 0; request < 1_000; request++) {
      const { pk } = comparisonKey(comparisonOf({ time, requestId: `r${request}` }));
      assert.ok(partitions.includes(pk));
      used.add(pk);
    }
    assert.equal(used.size, SHARDS);
  });
});

describe("a comparison's record", () => {
  it("carries what became of the call", () => {
    const { pk, sk, ...record } = comparisonRecord(
      comparisonOf({
        time,
        reason: "why",
        v2: { status: "failed", durationMs: 7, error: new TypeError("no") },
      }),
      30,
    );
    assert.deepEqual(record, {
      migration: "things",
      operation: "get",
      mode: "shadow",
      documentVersion: "3",
      requestId: "request-1",
      sequence: 0,
      time: "2026-01-31T23:59:59.999Z",
      primary: "v1",
      outcome: "mismatch",
      reason: "why",
      fallback: false,
      v1: { status: "answered", durationMs: 1.5, answer: '{"id":1}' },
      v2: {
        status: "failed",
        durationMs: 7,
        error: '{"$error":{"name":"TypeError","message":"no"}}',
      },
      arguments: '["a"]',
      differences: [{ path: "$.id", kind: "value", v1: "1", v2: "2" }],
      truncated: false,
      signature: "$.id value",
      weight: 1,
      expiresAt: Math.floor(time / 1000) + 30 * 86_400,
    });
  });

  it("leaves out the side that a difference has not", () => {
    const { differences } = comparisonRecord(
      comparisonOf({
        differences: [
          { path: "$[0]", kind: "missing", v1: null, v2: undefined },
          { path: "$[1]", kind: "extra", v1: undefined, v2: undefined },
        ],
      }),
      1,
    );
    assert.deepEqual(differences, [
      { path: "$[0]", kind: "missing", v1: "null" },
      { path: "$[1]", kind: "extra", v2: '{"$undefined":true}' },
    ]);
  });

  it("says what stands behind it for the cap, where something does", () => {
    assert.equal(comparisonRecord(comparisonOf({ leftOut: 7 }), 1).leftOut, 7);
    assert.ok(!("leftOut" in comparisonRecord(comparisonOf({ leftOut: 0 }), 1)));
  });

  it("never makes a path of half a path", () => {
    const names = Array.from({ length: 400 }, (_, index) => "a".repeat(index + 1));
    for (const path of [
      ...names.map((name) => `$.${name}.below`),
      ...names.map((name) => `$['${name} ']`),
    ]) {
      const difference = { path, kind: "value", v1: 1, v2: 2 } as const;
      const record = comparisonRecord(comparisonOf({ differences: [difference] }), 1);
      const kept = record.differences[0]!.path;
      if (record.cut === undefined) assert.equal(kept, path);
      else assert.throws(() => parsePath(kept), TypeError);
    }
  });

  it("stays below DynamoDB's limit at its worst, and says what was cut", () => {
    // Three bytes a character, the worst of UTF-8 against UTF-16.
    const large = "€".repeat(2_000_000);
    const record = comparisonRecord(
      comparisonOf({
        v1: { status: "answered", durationMs: 1, value: { text: large } },
        v2: { status: "failed", durationMs: 1, error: new Error(large) },
        arguments: [large],
        reason: large,
        signature: large,
        differences: Array.from({ length: 1_000 }, () => ({
          path: large,
          kind: "value" as const,
          v1: large,
          v2: large,
        })),
      }),
      30,
    );
    assert.ok(Buffer.byteLength(JSON.stringify(marshall(record))) < 400 * 1024);
    assert.deepEqual(record.cut, ["reason", "v1.answer", "v2.error", "arguments", "differences"]);
    assert.equal(record.truncated, true);
  });

  it("keeps a message of an error that can't be read", () => {
    const error = new Proxy(new Error("x"), {
      ownKeys() {
        throw new Error("no");
      },
    });
    const { v2 } = comparisonRecord(
      comparisonOf({ v2: { status: "failed", durationMs: 1, error } }),
      1,
    );
    assert.match(v2?.error ?? "", /Error: x/);
  });
});
