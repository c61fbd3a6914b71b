import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, it } from "node:test";
import { isAmbiguousError } from "../../lib/index.ts";

const withProps = (props: object) => Object.assign(new Error("failed"), props);

describe("isAmbiguousError", () => {
  const table: [what: string, error: unknown, expected: boolean][] = [
    ["an abort", new DOMException("aborted", "AbortError"), true],
    ["a time-out", new DOMException("timed out", "TimeoutError"), true],
    ["a reset connection", withProps({ code: "ECONNRESET" }), true],
    [
      "the cause of another",
      new TypeError("fetch failed", { cause: withProps({ code: "EPIPE" }) }),
      true,
    ],
    ["one of several", new AggregateError([withProps({}), withProps({ code: "ETIMEDOUT" })]), true],
    ["an answer that is no JSON", new SyntaxError("Unexpected token"), true],
    ["HTTP 500", withProps({ status: 500 }), true],
    ["HTTP 503 of axios", withProps({ response: { status: 503 } }), true],
    ["HTTP 408", withProps({ statusCode: 408 }), true],
    ["an AWS client's 500", withProps({ $metadata: { httpStatusCode: 500, attempts: 1 } }), true],
    [
      "an AWS client's second try",
      withProps({ $metadata: { httpStatusCode: 400, attempts: 2 } }),
      true,
    ],
    [
      "an AWS client's clear no",
      withProps({ $metadata: { httpStatusCode: 400, attempts: 1 } }),
      false,
    ],
    ["a connection that was never made", withProps({ code: "ECONNREFUSED" }), false],
    ["a name that leads nowhere", withProps({ code: "ENOTFOUND" }), false],
    ["HTTP 409", withProps({ status: 409 }), false],
    ["any error of the user's", new RangeError("not enough money"), false],
    ["nothing", undefined, false],
    ["a text", "down", false],
  ];
  for (const [what, error, expected] of table) {
    it(`${what}: ${expected ? "yes" : "no"}`, () => {
      assert.equal(isAmbiguousError(error), expected);
    });
  }

  it("takes what can't be read, and causes without end, for a yes", () => {
    const hostile = new Proxy(new Error("x"), {
      get() {
        throw new Error("no");
      },
    });
    assert.equal(isAmbiguousError(hostile), true);
    const circular = new Error("round");
    circular.cause = circular;
    assert.equal(isAmbiguousError(circular), true);
  });

  it("knows how fetch fails when the connection breaks after the request, and when there is none", async () => {
    const server = createServer((request) => request.socket.destroy());
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const url = `http://127.0.0.1:${port}/`;
    const failure = () =>
      fetch(url, { method: "POST", body: "x" }).then(
        () => assert.fail("it must fail"),
        (error: unknown) => error,
      );
    assert.equal(isAmbiguousError(await failure()), true);
    await new Promise((resolve) => server.close(resolve));
    assert.equal(isAmbiguousError(await failure()), false);
  });
});
