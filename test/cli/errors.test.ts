import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { explain, refusalOf } from "../../lib/cli/errors.ts";

/** An error as the SDK makes it. */
const named = (name: string, message: string, more: object = {}) =>
  Object.assign(new Error(message), { name, ...more });

describe("errors, in one line", () => {
  const cases: [what: string, error: unknown, says: RegExp][] = [
    [
      "no credentials",
      named("CredentialsProviderError", "none"),
      /^no AWS credentials: set AWS_PRO/,
    ],
    ["old credentials", named("ExpiredTokenException", "expired"), /sign in again/],
    [
      "no region",
      new Error("Region is missing"),
      /^no AWS region: set AWS_REGION or pass --region$/,
    ],
    [
      "a permission that is missing",
      named(
        "AccessDeniedException",
        "User: arn:aws:sts::1:assumed-role/a/b is not authorized to perform: dynamodb:Query on resource: arn:aws:dynamodb:eu-west-1:1:table/records because …",
      ),
      /^access denied: these credentials need dynamodb:Query on arn:aws:dynamodb:eu-west-1:1:table\/records$/,
    ],
    ["a denial without an action", named("AccessDenied", "no\nat all"), /^access denied: no$/],
    ["another operator", named("ConflictException", "there is one"), /^somebody else has moved/],
    [
      "no network",
      named("Error", "getaddrinfo ENOTFOUND x", { code: "ENOTFOUND" }),
      /region right/,
    ],
    [
      "no network, of several addresses",
      Object.assign(new AggregateError([new Error("connect ECONNREFUSED ::1:9")]), {
        code: "ECONNREFUSED",
      }),
      /^AWS can't be reached \(connect ECONNREFUSED ::1:9\)/,
    ],
    ["throttling", named("ThrottlingException", "slow down"), /try again in a minute/],
    ["something else, in several lines", new Error("one\ntwo"), /^one$/],
    ["no error at all", "text", /^text$/],
  ];
  for (const [what, error, says] of cases) {
    it(what, () => {
      const text = explain(error);
      assert.match(text, says);
      assert.equal(text.includes("\n"), false);
    });
  }

  it("what AWS_ENDPOINT_URL names, such as a local cloud, may have ended", (t) => {
    const before = process.env["AWS_ENDPOINT_URL"];
    t.after(() => {
      if (before === undefined) delete process.env["AWS_ENDPOINT_URL"];
      else process.env["AWS_ENDPOINT_URL"] = before;
    });
    process.env["AWS_ENDPOINT_URL"] = "http://127.0.0.1:9";
    const refused = named("Error", "connect ECONNREFUSED 127.0.0.1:9", { code: "ECONNREFUSED" });
    assert.match(explain(refused), /: is what AWS_ENDPOINT_URL names up\?$/);
  });

  it("a refusal of the gate is told from any other bad request", () => {
    const refused = named("BadRequestException", "Validation failed", {
      Reason: "InvalidConfiguration",
      Details: { InvalidConfiguration: [{ Reason: "Refused: a\n- b" }] },
    });
    assert.equal(refusalOf(refused), "Refused: a\n- b");
    assert.equal(refusalOf(named("BadRequestException", "no such version")), undefined);
    assert.equal(refusalOf("text"), undefined);
  });
});
