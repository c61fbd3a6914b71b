import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { readPattern } from "../../../lib/local/events/pattern.ts";

const event = {
  source: "aws.cloudwatch",
  "detail-type": "CloudWatch Alarm State Change",
  resources: ["arn:aws:cloudwatch:us-east-1:1:alarm:unhealthy"],
  detail: {
    alarmName: "unhealthy",
    state: { value: "ALARM", count: 3, muted: false, note: null, empty: "" },
    metrics: [
      { id: "a", stat: "Sum" },
      { id: "b", stat: "p99" },
    ],
  },
};

describe("an event pattern", () => {
  const cases: [pattern: object, boolean][] = [
    [{ source: ["aws.cloudwatch"] }, true],
    [{ source: ["aws.cloudwatc"] }, false],
    [{ source: ["aws.s3", "aws.cloudwatch"] }, true],
    [{ source: ["aws.cloudwatch"], detail: { alarmName: ["other"] } }, false],
    [{ detail: { state: { value: ["ALARM"] } } }, true],
    [{ detail: { state: { value: ["OK"] } } }, false],
    [{ detail: { state: { missing: { deeper: ["x"] } } } }, false],
    [{ detail: { alarmName: { deeper: ["x"] } } }, false],
    [{ missing: ["x"] }, false],
    // Values are JSON's: a number is no text.
    [{ detail: { state: { count: [3] } } }, true],
    [{ detail: { state: { count: ["3"] } } }, false],
    [{ detail: { state: { muted: [false] } } }, true],
    [{ detail: { state: { note: [null] } } }, true],
    [{ detail: { state: { missing: [null] } } }, false],
    [{ detail: { state: { empty: [""] } } }, true],
    // Of a list, one element is enough, and one and the same has to match all.
    [{ resources: ["arn:aws:cloudwatch:us-east-1:1:alarm:unhealthy"] }, true],
    [{ resources: [{ prefix: "arn:aws:s3" }] }, false],
    [{ detail: { metrics: { id: ["b"], stat: ["p99"] } } }, true],
    [{ detail: { metrics: { id: ["a"], stat: ["p99"] } } }, false],
    [{ source: [{ prefix: "aws." }] }, true],
    [{ source: [{ prefix: "AWS." }] }, false],
    [{ source: [{ prefix: { "equals-ignore-case": "AWS." } }] }, true],
    [{ source: [{ suffix: "watch" }] }, true],
    [{ source: [{ suffix: { "equals-ignore-case": "WATCH" } }] }, true],
    [{ source: [{ suffix: "watches" }] }, false],
    [{ source: [{ "equals-ignore-case": "AWS.CloudWatch" }] }, true],
    [{ source: [{ wildcard: "aws.*w*ch" }] }, true],
    [{ source: [{ wildcard: "*.s3" }] }, false],
    [{ source: [{ wildcard: "aws?cloudwatch" }] }, false],
    [{ source: [{ "anything-but": "aws.s3" }] }, true],
    [{ source: [{ "anything-but": ["aws.s3", "aws.cloudwatch"] }] }, false],
    [{ source: [{ "anything-but": { prefix: "aws." } }] }, false],
    [{ source: [{ "anything-but": { suffix: ".s3" } }] }, true],
    [{ missing: [{ "anything-but": "x" }] }, false],
    [{ detail: [{ "anything-but": "x" }] }, false],
    [{ detail: { state: { count: [{ "anything-but": 3 }] } } }, false],
    [{ detail: { state: { count: [{ numeric: [">", 2, "<=", 3] }] } } }, true],
    [{ detail: { state: { count: [{ numeric: [">", 3] }] } } }, false],
    [{ detail: { state: { count: [{ numeric: ["=", 3] }] } } }, true],
    [{ detail: { state: { value: [{ numeric: [">", 0] }] } } }, false],
    [{ source: [{ exists: true }] }, true],
    [{ missing: [{ exists: false }] }, true],
    [{ missing: [{ exists: true }] }, false],
    // It is said of values, and not of the objects that hold them.
    [{ detail: [{ exists: true }] }, false],
    [{ $or: [{ source: ["aws.s3"] }, { detail: { alarmName: ["unhealthy"] } }] }, true],
    [{ $or: [{ source: ["aws.s3"] }, { source: ["aws.sns"] }] }, false],
    [{ source: ["aws.s3"], $or: [{ detail: { alarmName: ["unhealthy"] } }, { x: ["y"] }] }, false],
    [{}, true],
    [{ toString: [{ exists: true }] }, false],
  ];
  for (const [pattern, expected] of cases) {
    it(`${JSON.stringify(pattern)} ${expected ? "matches" : "doesn't match"}`, () => {
      assert.equal(readPattern(pattern)(event), expected);
    });
  }
});

describe("what is no pattern is an error that says where", () => {
  const bad: [unknown, RegExp][] = [
    ["x", /^EventPattern: got "x"/],
    [null, /^EventPattern: got null/],
    [[{ source: ["x"] }], /^EventPattern: got/],
    [{ source: "x" }, /^EventPattern\.source: got "x"/],
    [{ detail: { state: [] } }, /^EventPattern\.detail\.state: an empty list/],
    [{ source: [["x"]] }, /a list in a list/],
    [{ source: [{ regex: "x" }] }, /unknown property regex/],
    [{ source: [{ cidr: "10.0.0.0/8" }] }, /unknown property cidr/],
    [{ source: [{ toString: "x" }] }, /unknown property toString/],
    [{ source: [{ prefix: "a", suffix: "b" }] }, /more than one operator/],
    [{ source: [{}] }, /no operator/],
    [{ source: [{ prefix: 1 }] }, /prefix: got 1/],
    [{ source: [{ exists: "yes" }] }, /exists: allowed is a boolean/],
    [{ source: [{ numeric: [">"] }] }, /numeric: got \[">"\]/],
    [{ source: [{ numeric: [">", 1, "<"] }] }, /numeric: got/],
    [{ source: [{ numeric: ["~", 1] }] }, /numeric: got/],
    [{ source: [{ numeric: [] }] }, /numeric: got/],
    [{ $or: [{ source: ["x"] }] }, /two patterns or more/],
  ];
  for (const [pattern, message] of bad) {
    it(JSON.stringify(pattern), () => assert.throws(() => readPattern(pattern), { message }));
  }
});
