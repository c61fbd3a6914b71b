import assert from "node:assert/strict";
import { test } from "node:test";
import { resolveValue, type Scope } from "../../../lib/local/template/intrinsics.ts";
import { noValue } from "../../../lib/local/template/intrinsics.ts";

const mappings: Record<string, any> = { Regions: { "us-east-1": { Ami: "ami-1" } } };
const refs: Record<string, unknown> = {
  Table: "orders",
  Region: "us-east-1",
  Names: ["a", "b"],
  "AWS::Region": "us-east-1",
  "AWS::NoValue": noValue,
};
const scope: Scope = {
  region: "us-east-1",
  ref(name) {
    if (!(name in refs)) throw new Error(`no ${name}`);
    return refs[name];
  },
  attribute: (logicalId, attribute) => `${logicalId}/${attribute}`,
  condition: (name) => name === "Yes",
  mapping: (map, top, second) => mappings[map]?.[top]?.[second],
  importValue: (name) => `import ${name}`,
  stackOutput: (stack, output) => `${stack}/${output}`,
};
const resolve = (value: unknown) => resolveValue(value, scope, ["Orders", "Resources", "X"]);

const cases: [what: string, value: unknown, expected: unknown][] = [
  ["plain values", { a: [1, "b", null, true] }, { a: [1, "b", null, true] }],
  ["Ref", { Ref: "Table" }, "orders"],
  ["Ref of a list", { Ref: "Names" }, ["a", "b"]],
  ["Ref in depth", { a: [{ b: { Ref: "Table" } }] }, { a: [{ b: "orders" }] }],
  ["NoValue as a property", { a: { Ref: "AWS::NoValue" }, b: 1 }, { b: 1 }],
  ["NoValue as an element", [1, { Ref: "AWS::NoValue" }], [1]],
  ["GetAtt as a list", { "Fn::GetAtt": ["Table", "Arn"] }, "Table/Arn"],
  ["GetAtt as a string", { "Fn::GetAtt": "Table.Outputs.Arn" }, "Table/Outputs.Arn"],
  ["Join", { "Fn::Join": [":", ["a", { Ref: "Table" }, 3]] }, "a:orders:3"],
  ["Join of a list", { "Fn::Join": [",", { Ref: "Names" }] }, "a,b"],
  [
    "Sub of a string",
    { "Fn::Sub": "${Table}-${Table.Arn}-${AWS::Region}" },
    "orders-Table/Arn-us-east-1",
  ],
  [
    "Sub with a map",
    { "Fn::Sub": ["${A}/${Table}", { A: { Ref: "Region" } }] },
    "us-east-1/orders",
  ],
  ["Sub with a literal", { "Fn::Sub": "${!Table} costs $1" }, "${Table} costs $1"],
  ["Select", { "Fn::Select": [1, ["a", "b"]] }, "b"],
  ["Select by a string", { "Fn::Select": ["0", { "Fn::Split": [",", "x,y"] }] }, "x"],
  ["Split", { "Fn::Split": ["/", "a/b/c"] }, ["a", "b", "c"]],
  ["FindInMap", { "Fn::FindInMap": ["Regions", { Ref: "Region" }, "Ami"] }, "ami-1"],
  [
    "FindInMap with a default",
    { "Fn::FindInMap": ["Regions", "eu-west-1", "Ami", { DefaultValue: "none" }] },
    "none",
  ],
  ["If, true", { "Fn::If": ["Yes", { Ref: "Table" }, { Ref: "Missing" }] }, "orders"],
  ["If, false", { "Fn::If": ["No", { Ref: "Missing" }, "b"] }, "b"],
  ["If without value", { a: { "Fn::If": ["No", 1, { Ref: "AWS::NoValue" }] } }, {}],
  ["Base64", { "Fn::Base64": { Ref: "Table" } }, "b3JkZXJz"],
  ["ImportValue", { "Fn::ImportValue": { "Fn::Sub": "${Table}-x" } }, "import orders-x"],
  [
    "GetStackOutput",
    { "Fn::GetStackOutput": { StackName: "Data", OutputName: "Arn" } },
    "Data/Arn",
  ],
  ["GetAZs", { "Fn::GetAZs": "" }, ["us-east-1a", "us-east-1b", "us-east-1c"]],
  // Not an intrinsic: a policy's condition, and a key of several.
  [
    "a Condition property",
    { Condition: { StringEquals: {} } },
    { Condition: { StringEquals: {} } },
  ],
];

for (const [what, value, expected] of cases) {
  test(`resolves ${what}`, () => assert.deepEqual(resolve(value), expected));
}

const failures: [what: string, value: unknown, message: RegExp][] = [
  [
    "an unknown intrinsic",
    { Properties: { Threshold: { "Fn::Cidr": ["10.0.0.0/8"] } } },
    /^Orders: Resources\.X\.Properties\.Threshold: unknown intrinsic Fn::Cidr$/,
  ],
  ["an unknown name", { a: [{ Ref: "Missing" }] }, /^Orders: Resources\.X\.a\.0: Ref: no Missing$/],
  [
    "a failure within an intrinsic",
    { a: { "Fn::Join": ["", [{ Ref: "Missing" }]] } },
    /^Orders: Resources\.X\.a\.Fn::Join\.1\.0: Ref: no Missing$/,
  ],
  ["a malformed Join", { "Fn::Join": ["a"] }, /Fn::Join: got a list of 1, allowed is one of 2/],
  ["a list where a string goes", { "Fn::Sub": "${Names}" }, /got \["a","b"\], allowed is a string/],
  ["an index out of range", { "Fn::Select": [2, ["a"]] }, /Fn::Select: no element 2 among 1/],
  [
    "a mapping without the key",
    { "Fn::FindInMap": ["Regions", "x", "Ami"] },
    /nothing at Regions\.x\.Ami/,
  ],
  ["a dynamic reference", { a: "{{resolve:ssm:/x}}" }, /X\.a: dynamic references/],
];

for (const [what, value, message] of failures) {
  test(`refuses ${what}`, () => {
    assert.throws(() => resolve(value), { name: "TemplateError", message });
  });
}
