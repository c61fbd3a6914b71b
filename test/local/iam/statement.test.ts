import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  readStatement,
  statementsOf,
  type PolicyStatement,
  type Principal,
} from "../../../lib/local/iam/statement.ts";

const TABLE = "arn:aws:dynamodb:us-east-1:123456789012:table/orders";
const ROLE = "arn:aws:iam::123456789012:role/fn";

function covers(
  given: Partial<PolicyStatement>,
  request: {
    action?: string;
    resource?: string;
    context?: Record<string, string>;
    principal?: Principal;
  } = {},
): boolean {
  const statement: PolicyStatement = { Effect: "Allow", ...given };
  const rule = readStatement({
    ...(statement.NotAction === undefined && { Action: "*" }),
    ...(statement.NotResource === undefined && { Resource: "*" }),
    ...statement,
  });
  const { action = "dynamodb:PutItem", resource = TABLE, context = {} } = request;
  const keys = Object.entries(context).map(([key, value]) => [key.toLowerCase(), value] as const);
  return rule.covers(request.principal ?? { role: ROLE }, { action, resource }, new Map(keys));
}

describe("a statement's action", () => {
  const cases: [PolicyStatement["Action"], boolean][] = [
    ["dynamodb:PutItem", true],
    ["DynamoDB:putitem", true],
    ["dynamodb:*", true],
    ["dynamodb:Put*", true],
    ["dynamodb:PutIte?", true],
    ["dynamodb:PutItem?", false],
    ["*", true],
    ["dynamodb:GetItem", false],
    ["dynamodb:Put", false],
    ["dynamodb.PutItem", false],
    [["dynamodb:GetItem", "dynamodb:PutItem"], true],
    [[], false],
  ];
  for (const [Action, expected] of cases) {
    it(`${JSON.stringify(Action)} ${expected ? "is" : "isn't"} dynamodb:PutItem`, () => {
      assert.equal(covers({ Action }), expected);
    });
    it(`as NotAction, the other way round: ${JSON.stringify(Action)}`, () => {
      assert.equal(covers({ NotAction: Action! }), !expected);
    });
  }
});

describe("a statement's resource", () => {
  const cases: [pattern: string, resource: string, boolean][] = [
    [TABLE, TABLE, true],
    ["*", "*", true],
    // What knows no resources has to be allowed on all.
    [TABLE, "*", false],
    ["arn:aws:dynamodb:*:*:table/*", "*", false],
    ["arn:aws:dynamodb:us-east-1:123456789012:table/o*", TABLE, true],
    ["arn:aws:dynamodb:us-east-1:123456789012:table/order?", TABLE, true],
    ["arn:aws:dynamodb:*:*:table/orders", TABLE, true],
    // A wildcard doesn't stand for a colon.
    ["arn:aws:dynamodb:*:table/orders:*", TABLE, false],
    [TABLE, `${TABLE}/index/byCustomer`, false],
    [`${TABLE}/index/*`, `${TABLE}/index/byCustomer`, true],
    [TABLE, TABLE.toUpperCase(), false],
    ["arn:aws:lambda:*:*:function:f*", "arn:aws:lambda:us-east-1:1:function:fn:$LATEST", true],
    // No regular expression gets in.
    ["arn:aws:dynamodb:us-east-1:123456789012:table/.*", TABLE, false],
    ["arn:aws:dynamodb:us-east-1:123456789012:table/(orders)", TABLE, false],
  ];
  for (const [Resource, resource, expected] of cases) {
    it(`${Resource} ${expected ? "covers" : "doesn't cover"} ${resource}`, () => {
      assert.equal(covers({ Resource }, { resource }), expected);
      assert.equal(covers({ NotResource: Resource }, { resource }), !expected);
    });
  }
});

describe("a statement's conditions", () => {
  const namespace = { "cloudwatch:namespace": "Segue" };
  const rule = { "aws:SourceArn": "arn:aws:events:us-east-1:1:rule/guard" };
  const cases: [PolicyStatement["Condition"], Record<string, string>, boolean][] = [
    [{ StringEquals: { "cloudwatch:namespace": "Segue" } }, namespace, true],
    [{ StringEquals: { "CloudWatch:Namespace": "Segue" } }, namespace, true],
    [{ StringEquals: { "cloudwatch:namespace": "segue" } }, namespace, false],
    [{ StringEquals: { "cloudwatch:namespace": "Segue" } }, {}, false],
    [{ StringEquals: { "cloudwatch:namespace": ["Other", "Segue"] } }, namespace, true],
    [{ StringEqualsIfExists: { "cloudwatch:namespace": "Segue" } }, {}, true],
    [{ StringEqualsIfExists: { "cloudwatch:namespace": "Other" } }, namespace, false],
    [{ StringEqualsIgnoreCase: { "cloudwatch:namespace": "sEGUE" } }, namespace, true],
    [{ StringNotEquals: { "cloudwatch:namespace": ["Other", "Segue"] } }, namespace, false],
    [{ StringNotEquals: { "cloudwatch:namespace": "Other" } }, namespace, true],
    [{ StringNotEquals: { "cloudwatch:namespace": "Other" } }, {}, true],
    [{ StringLike: { "cloudwatch:namespace": "Seg*" } }, namespace, true],
    [{ StringLike: { "cloudwatch:namespace": "Seg" } }, namespace, false],
    [{ StringNotLike: { "cloudwatch:namespace": "Seg*" } }, namespace, false],
    [{ ArnLike: { "aws:SourceArn": "arn:aws:events:*:*:rule/*" } }, rule, true],
    [{ ArnEquals: { "aws:SourceArn": "arn:aws:events:*:*:rule/guard" } }, rule, true],
    [{ ArnEquals: { "aws:SourceArn": "arn:aws:events:us-east-1:1:rule/other" } }, rule, false],
    [{ ArnNotLike: { "aws:SourceArn": "arn:aws:events:*:*:rule/*" } }, rule, false],
    [{ ArnLike: { "aws:SourceArn": "arn:aws:events:*:*:rule/*" } }, {}, false],
    [{ Bool: { "aws:SecureTransport": "true" } }, { "aws:SecureTransport": "true" }, true],
    [{ Bool: { "aws:SecureTransport": false } }, { "aws:SecureTransport": "true" }, false],
    [{ Null: { "aws:SourceArn": "true" } }, {}, true],
    [{ Null: { "aws:SourceArn": true } }, rule, false],
    [{ Null: { "aws:SourceArn": "false" } }, rule, true],
    [{ "ForAllValues:StringEquals": { "cloudwatch:namespace": "Segue" } }, {}, true],
    [{ "ForAnyValue:StringEquals": { "cloudwatch:namespace": "Segue" } }, {}, false],
    [{ "ForAnyValue:StringEquals": { "cloudwatch:namespace": "Segue" } }, namespace, true],
    // All of them have to hold.
    [
      {
        StringEquals: { "cloudwatch:namespace": "Segue" },
        ArnLike: { "aws:SourceArn": "arn:aws:events:*:*:rule/*" },
      },
      namespace,
      false,
    ],
    [{ StringEquals: { "kms:ViaService": "dynamodb.us-east-1.amazonaws.com" } }, {}, false],
    [{}, {}, true],
  ];
  for (const [Condition, context, expected] of cases) {
    it(`${JSON.stringify(Condition)} with ${JSON.stringify(context)}: ${expected}`, () => {
      assert.equal(covers({ Condition: Condition! }, { context }), expected);
    });
  }
});

describe("a statement's principal", () => {
  const events = { service: "events.amazonaws.com" };
  const cases: [PolicyStatement["Principal"], Principal, boolean][] = [
    [{ Service: "events.amazonaws.com" }, events, true],
    [{ Service: ["sns.amazonaws.com", "events.amazonaws.com"] }, events, true],
    [{ Service: "appconfig.amazonaws.com" }, events, false],
    [{ AWS: ROLE }, { role: ROLE }, true],
    [{ AWS: ROLE }, events, false],
    [{ AWS: `${ROLE}2` }, { role: ROLE }, false],
    // Of an account, its roles' own policies decide.
    [{ AWS: "arn:aws:iam::123456789012:root" }, { role: ROLE }, false],
    [{ AWS: "*" }, { role: ROLE }, true],
    ["*", events, true],
    [undefined, { role: ROLE }, true],
  ];
  for (const [given, principal, expected] of cases) {
    it(`${JSON.stringify(given)} and ${JSON.stringify(principal)}: ${expected}`, () => {
      assert.equal(covers({ ...(given && { Principal: given }) }, { principal }), expected);
    });
  }
});

describe("what is no statement, or isn't understood, is an error", () => {
  const bad: [object, RegExp][] = [
    [{ Effect: "Permit" }, /Effect: got Permit/],
    [{ Effect: "Allow", Resource: "*" }, /either Action or NotAction/],
    [{ Effect: "Allow", Action: "*" }, /either Resource or NotResource/],
    [{ Action: "*", NotAction: "*" }, /either Action or NotAction/],
    [{ Actions: "*" }, /unknown property Actions/],
    [{ Resource: "orders" }, /Resource: got orders, allowed is \* or an ARN/],
    [{ Resource: "arn:aws:s3:::home/${aws:username}" }, /policy variables/],
    [{ Principal: { Federated: "x" } }, /unknown property Federated/],
    [{ Condition: { StringSortOf: { "aws:SourceArn": "x" } } }, /unknown operator StringSortOf/],
    [{ Condition: { DateLessThan: { "aws:SourceArn": "x" } } }, /unknown operator DateLessThan/],
    [{ Condition: { StringEquals: { "aws:Sorcery": "x" } } }, /unknown key aws:Sorcery/],
    [{ Condition: { StringEquals: { "aws:SourceArn": "${x}" } } }, /policy variables/],
  ];
  for (const [statement, message] of bad) {
    it(JSON.stringify(statement), () => {
      const whole = { Effect: "Allow", Action: "*", Resource: "*", ...statement };
      const given = "Effect" in statement ? statement : whole;
      assert.throws(() => readStatement(given as PolicyStatement), { message });
    });
  }
});

describe("a policy document's statements", () => {
  it("are of one action and one resource each, where they allow something", () => {
    const statement = { Sid: "S", Effect: "Allow", Action: ["a:A", "a:B"], Resource: ["*", TABLE] };
    assert.deepEqual(
      statementsOf({ Statement: statement }).map(({ Sid, Action, Resource }) => [
        Sid,
        Action,
        Resource,
      ]),
      [
        ["S", "a:A", "*"],
        ["S", "a:A", TABLE],
        ["S", "a:B", "*"],
        ["S", "a:B", TABLE],
      ],
    );
  });

  it("stay whole where they deny", () => {
    const deny = { Effect: "Deny", Action: ["a:A", "a:B"], Resource: "*" };
    assert.deepEqual(statementsOf({ Statement: [deny] }), [deny]);
  });

  it("are none of no document", () => {
    assert.deepEqual(statementsOf(undefined), []);
  });
});
