import assert from "node:assert/strict";
import { test } from "node:test";
import type { ResourceMaker } from "../../../lib/local/service.ts";
import { planStack, type Makers } from "../../../lib/local/template/stack.ts";
import type { Template, TemplateResource } from "../../../lib/local/template/template.ts";

const identity = { region: "us-east-1", account: "123456789012" };
const emptyResults = () => ({ outputs: new Map(), exports: new Map() });
const plan = (template: Template, makers: Makers, name = "Orders", given = {}) =>
  planStack({ id: name, name, dependencies: [], template }, identity, makers, given);

/** Makes things that keep what they were made of. */
function thingMaker() {
  const made: Record<string, Record<string, any>> = {};
  const thing: ResourceMaker = (properties, { logicalId }) => {
    made[logicalId] = properties;
    return { ref: `ref-${logicalId}`, attributes: { Arn: `arn-${logicalId}` } };
  };
  return { made, makers: { Thing: thing } };
}
const thing = (
  Properties: Record<string, unknown> = {},
  more: Partial<TemplateResource> = {},
): TemplateResource => ({ Type: "Thing", Properties, ...more });

test("takes the parameters that are given, and the defaults of the others", async () => {
  const { made, makers } = thingMaker();
  const template: Template = {
    Parameters: {
      Url: { Type: "String" },
      Stage: { Type: "String", Default: "prod" },
      Zones: { Type: "CommaDelimitedList", Default: "a,b" },
    },
    Resources: {
      A: thing({ url: { Ref: "Url" }, stage: { Ref: "Stage" }, zones: { Ref: "Zones" } }),
    },
  };
  const given = { Url: "http://127.0.0.1", Zones: "c,d" };
  await plan(template, makers, "Orders", given).create(emptyResults());
  assert.deepEqual(made["A"], { url: given.Url, stage: "prod", zones: ["c", "d"] });
  assert.throws(() => plan(template, makers, "Orders", { ...given, Ulr: "" }), {
    name: "TemplateError",
    message: "Orders: Parameters.Ulr: given, and not declared",
  });
});

const orders: [what: string, Resources: Template["Resources"], order: string[]][] = [
  ["as declared, where it is free", { B: thing(), A: thing() }, ["B", "A"]],
  ["after a Ref", { B: thing({ x: { Ref: "A" } }), A: thing() }, ["A", "B"]],
  ["after a GetAtt", { B: thing({ x: [{ "Fn::GetAtt": ["A", "Arn"] }] }), A: thing() }, ["A", "B"]],
  [
    "after a Sub",
    { B: thing({ x: { "Fn::Sub": "${A.Arn}/${C}" } }), A: thing(), C: thing() },
    ["A", "C", "B"],
  ],
  ["after DependsOn", { B: thing({}, { DependsOn: ["A"] }), A: thing() }, ["A", "B"]],
  ["after one DependsOn", { B: thing({}, { DependsOn: "A" }), A: thing() }, ["A", "B"]],
  [
    "in depth",
    { C: thing({ x: { Ref: "B" } }), B: thing({ x: { Ref: "A" } }), A: thing() },
    ["A", "B", "C"],
  ],
];
for (const [what, Resources, expected] of orders) {
  test(`orders resources ${what}`, () => {
    assert.deepEqual(plan({ Resources }, thingMaker().makers).order, expected);
  });
}

test("creates resources from resolved properties, and gives outputs and exports", async () => {
  const { made, makers } = thingMaker();
  const results = emptyResults();
  await plan(
    {
      Parameters: { Stage: { Type: "String", Default: "prod" } },
      Resources: {
        Topic: thing({
          name: { "Fn::Join": ["-", [{ Ref: "Stage" }, { Ref: "AWS::StackName" }]] },
        }),
        Rule: thing({ target: { "Fn::GetAtt": ["Topic", "Arn"] }, no: { Ref: "AWS::NoValue" } }),
      },
      Outputs: {
        Topic: { Value: { Ref: "Topic" }, Export: { Name: { "Fn::Sub": "${AWS::StackName}:T" } } },
      },
    },
    makers,
  ).create(results);

  assert.deepEqual(made, { Topic: { name: "prod-Orders" }, Rule: { target: "arn-Topic" } });
  assert.deepEqual(results.outputs.get("Orders"), { Topic: "ref-Topic" });
  assert.deepEqual([...results.exports], [["Orders:T", "ref-Topic"]]);
});

test("imports what a stack before it exported or put out", async () => {
  const { made, makers } = thingMaker();
  const results = emptyResults();
  const Data = { Value: "x1", Export: { Name: "DataName" } };
  await plan({ Outputs: { Data } }, makers, "Data").create(results);
  const GetStackOutput = { StackName: "Data", OutputName: "Data" };
  await plan(
    {
      Resources: {
        A: thing({ x: { "Fn::ImportValue": "DataName" } }),
        B: thing({ x: { "Fn::GetStackOutput": GetStackOutput } }),
      },
    },
    makers,
  ).create(results);
  assert.deepEqual(made, { A: { x: "x1" }, B: { x: "x1" } });
});

test("leaves out what has a false condition, its outputs too", async () => {
  const { made, makers } = thingMaker();
  const results = emptyResults();
  await plan(
    {
      Conditions: { Never: { "Fn::Equals": ["a", "b"] } },
      Resources: {
        A: thing({}, { Condition: "Never" }),
        // A type that would be unknown.
        M: { Type: "AWS::Some::Thing", Condition: "Never" },
        B: thing({ x: { "Fn::If": ["Never", { Ref: "A" }, "none"] } }),
      },
      Outputs: { A: { Value: { Ref: "A" }, Condition: "Never" } },
    },
    makers,
  ).create(results);
  assert.deepEqual(made, { B: { x: "none" } });
  assert.deepEqual(results.outputs.get("Orders"), {});
});

const refusals: [what: string, template: Template, message: RegExp][] = [
  [
    "an unknown type, all of them at once",
    { Resources: { A: { Type: "AWS::SQS::Queue" }, B: thing(), C: { Type: "AWS::SNS::Topic" } } },
    /^Orders: Resources\.A: unknown resource type AWS::SQS::Queue\nOrders: Resources\.C: unknown resource type AWS::SNS::Topic$/,
  ],
  [
    "an unknown intrinsic",
    { Resources: { A: thing({ Threshold: { "Fn::Cidr": [] } }) } },
    /^Orders: Resources\.A\.Properties\.Threshold: unknown intrinsic Fn::Cidr$/,
  ],
  [
    "a reference to nothing",
    { Resources: { A: thing({ x: { Ref: "Nobody" } }) } },
    /^Orders: Resources\.A\.Properties\.x: no resource or parameter Nobody$/,
  ],
  [
    "a substitution by nothing",
    { Resources: { A: thing({ x: { "Fn::Sub": "${Nobody.Arn}" } }) } },
    /Properties\.x: no resource Nobody$/,
  ],
  [
    "an Fn::If without its condition",
    { Resources: { A: thing({ x: { "Fn::If": ["Never", 1, 2] } }) } },
    /Properties\.x: no condition Never$/,
  ],
  [
    "a DependsOn on nothing",
    { Resources: { A: thing({}, { DependsOn: "Nobody" }) } },
    /^Orders: Resources\.A\.DependsOn: no resource Nobody$/,
  ],
  [
    "a reference to nothing in an output",
    { Outputs: { O: { Value: { Ref: "Nobody" } } } },
    /^Orders: Outputs\.O\.Value: no resource or parameter Nobody$/,
  ],
  [
    "a cycle",
    {
      Resources: {
        Z: thing(),
        A: thing({ x: { Ref: "B" } }),
        B: thing({ x: { "Fn::GetAtt": ["C", "Arn"] } }),
        C: thing({}, { DependsOn: "A" }),
      },
    },
    /^Orders: Resources: dependency cycle: A → B → C → A$/,
  ],
  [
    "a parameter without a default",
    { Parameters: { Stage: { Type: "String" } } },
    /^Orders: Parameters\.Stage: no default/,
  ],
  [
    "a transform",
    { Transform: "AWS::Serverless" } as Template,
    /^Orders: Transform: not supported$/,
  ],
];
for (const [what, template, message] of refusals) {
  test(`refuses ${what}, before anything is made`, () => {
    const { made, makers } = thingMaker();
    assert.throws(() => plan(template, makers), { name: "TemplateError", message });
    assert.deepEqual(made, {});
  });
}

test("says where a resource could not be made", async () => {
  const makers = {
    Thing: () => {
      throw new Error("unknown property Colour");
    },
  };
  await assert.rejects(plan({ Resources: { A: thing() } }, makers).create(emptyResults()), {
    message: "Orders: Resources.A: unknown property Colour",
  });
});

test("names the attributes that there are, where one is missing", async () => {
  const Resources = { A: thing(), B: thing({ x: { "Fn::GetAtt": ["A", "StreamArn"] } }) };
  await assert.rejects(plan({ Resources }, thingMaker().makers).create(emptyResults()), {
    message: /Resources\.B\.Properties\.x: .*A has no attribute StreamArn here; .*: Arn$/,
  });
});
