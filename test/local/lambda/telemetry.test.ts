import fc from "../../support/property.ts";
import assert from "node:assert/strict";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { unframe } from "../../../lib/local/lambda/telemetry.ts";

function frame(message: string): Buffer {
  const header = Buffer.alloc(16);
  header.writeUInt32BE(0xa55a0003, 0);
  header.writeUInt32BE(Buffer.byteLength(message), 4);
  return Buffer.concat([header, Buffer.from(message)]);
}

test("gives the text of frames, wherever they are cut", async () => {
  const property = fc.asyncProperty(
    fc.array(fc.string({ unit: "grapheme" })),
    fc.integer({ min: 1, max: 40 }),
    async (messages, size) => {
      const bytes = Buffer.concat(messages.map(frame));
      const stream = unframe();
      for (let at = 0; at < bytes.length; at += size) stream.write(bytes.subarray(at, at + size));
      stream.end();
      assert.equal(await text(stream), messages.join(""));
    },
  );
  await fc.assert(property);
});
