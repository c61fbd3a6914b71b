import assert from "node:assert/strict";
import { test } from "node:test";
import { evaluateConditions } from "../../../lib/local/template/conditions.ts";

const operands = {
  region: "us-east-1",
  ref: (name: string) => ({ Stage: "prod", "AWS::Region": "us-east-1" })[name],
  attribute: () => assert.fail("conditions know no resources"),
  mapping: () => undefined,
  importValue: () => undefined,
  stackOutput: () => undefined,
};
const isProd = { "Fn::Equals": [{ Ref: "Stage" }, "prod"] };
const isDev = { "Fn::Equals": [{ Ref: "Stage" }, "dev"] };

const cases: [what: string, condition: unknown, expected: boolean][] = [
  ["Equals", isProd, true],
  ["Equals of others", isDev, false],
  ["Equals of lists", { "Fn::Equals": [["a"], ["a"]] }, true],
  ["Not", { "Fn::Not": [isProd] }, false],
  ["And", { "Fn::And": [isProd, { "Fn::Not": [isDev] }] }, true],
  ["And with a false one", { "Fn::And": [isProd, isDev] }, false],
  ["Or", { "Fn::Or": [isDev, isProd] }, true],
  ["Or of false ones", { "Fn::Or": [isDev, isDev] }, false],
  ["another condition", { Condition: "IsProd" }, true],
  ["another one in depth", { "Fn::Not": [{ Condition: "IsProd" }] }, false],
];
for (const [what, condition, expected] of cases) {
  test(`evaluates ${what}`, () => {
    const conditions = { IsProd: isProd, It: condition };
    assert.equal(evaluateConditions(conditions, operands, "Orders")("It"), expected);
  });
}

const failures: [what: string, conditions: Record<string, unknown>, message: RegExp][] = [
  ["a missing one", {}, /^Orders: Conditions\.It: no such condition$/],
  [
    "one that needs itself",
    { It: { Condition: "B" }, B: { Condition: "It" } },
    /depends on itself/,
  ],
  [
    "an unknown function",
    { It: { "Fn::Xor": [] } },
    /^Orders: Conditions\.It: unknown .* Fn::Xor$/,
  ],
];
for (const [what, conditions, message] of failures) {
  test(`refuses ${what}`, () => {
    const condition = evaluateConditions(conditions, operands, "Orders");
    assert.throws(() => condition("It"), { name: "TemplateError", message });
  });
}
