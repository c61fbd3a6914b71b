import assert from "node:assert/strict";
import { once } from "node:events";
import { PassThrough, Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { describe, it } from "node:test";
import { streamed, streamIn, type Streamed } from "../../lib/lambda/response-stream.ts";

const never = new AbortController().signal;

describe("the stream in a response", () => {
  const stream = Readable.from(["a"]);
  const web = new ReadableStream();
  for (const [what, response, expected] of [
    ["a stream", stream, stream],
    ["a web stream", web, web],
    ["an HTTP response's body", { statusCode: 200, body: stream }, stream],
    ["an HTTP response's web body", { statusCode: 200, body: web }, web],
    ["a body that Middy doesn't read", { body: stream }, undefined],
    ["a text", { statusCode: 200, body: "text" }, undefined],
    ["undefined", undefined, undefined],
    ["null", null, undefined],
    ["a string", "text", undefined],
    ["an object without a prototype", Object.create(null), undefined],
    [
      "a getter that throws",
      {
        statusCode: 200,
        get body() {
          throw new Error("no");
        },
      },
      undefined,
    ],
  ] as const) {
    it(what, () => assert.equal(streamIn(response), expected));
  }
});

describe("the end of a stream", () => {
  const kinds: [name: string, open: (source: () => AsyncGenerator<string>) => Streamed][] = [
    ["a stream", (source) => Readable.from(source())],
    ["a web stream", (source) => ReadableStream.from(source()) as ReadableStream],
  ];
  for (const [name, open] of kinds) {
    it(`${name} that is read to its end, by another`, async () => {
      const gate = Promise.withResolvers<void>();
      const stream = open(async function* () {
        yield "a";
        await gate.promise;
        yield "b";
      });
      let isOver = false;
      const over = streamed(stream, never).then(() => (isOver = true));
      const sink = new PassThrough();
      const sent = pipeline(stream, sink);
      await once(sink, "data");
      assert.equal(isOver, false);
      gate.resolve();
      await over;
      sink.resume();
      await sent;
    });

    it(`${name} that fails`, async () => {
      const stream = open(async function* () {
        yield "a";
        throw new Error("the source's");
      });
      const over = streamed(stream, never);
      await assert.rejects(pipeline(stream, new PassThrough().resume()), /the source's/);
      await over;
    });

    it(`${name} whose reader is gone`, async () => {
      const stream = open(async function* () {
        for (;;) yield "a";
      });
      const over = streamed(stream, never);
      const sink = new PassThrough();
      const sent = pipeline(stream, sink);
      sink.once("data", () => sink.destroy(new Error("gone")));
      await assert.rejects(sent);
      await over;
    });

    it(`${name} that nobody reads, until nobody should wait`, async () => {
      const stream = open(async function* () {
        yield "a";
      });
      const controller = new AbortController();
      const over = streamed(stream, controller.signal);
      controller.abort();
      await over;
    });

    it(`${name} that nobody should have waited for`, async () => {
      await streamed(
        open(async function* () {
          yield "a";
        }),
        AbortSignal.abort(),
      );
    });
  }

  it("a stream that has ended already", async () => {
    const stream = Readable.from([]);
    await once(stream.resume(), "close");
    await streamed(stream, never);
  });
});
