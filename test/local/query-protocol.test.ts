import assert from "node:assert/strict";
import { test } from "node:test";
import { xmlAnswer, xmlError } from "../../lib/local/query-protocol.ts";

test("an answer is XML, with its result and a request id", () => {
  const { status, body } = xmlAnswer("http://ns/", "Publish", { MessageId: "1" });
  assert.equal(status, 200);
  assert.match(
    String(body),
    /^<PublishResponse xmlns="http:\/\/ns\/"><PublishResult><MessageId>1<\/MessageId><\/PublishResult><ResponseMetadata><RequestId>[0-9a-f-]{36}<\/RequestId><\/ResponseMetadata><\/PublishResponse>$/,
  );
});

test("an error says whose fault it is", () => {
  assert.match(String(xmlError("NotFound", "gone", 404).body), /<Type>Sender<\/Type>/);
  assert.match(String(xmlError("InternalFailure", "oops", 500).body), /<Type>Receiver<\/Type>/);
});

test("what XML can't have doesn't break it", () => {
  const { body } = xmlError("C", '<a href="x">&amp;</a>\u0000\u001b\ud800 \u{1F3B5}\n', 400);
  assert.match(
    String(body),
    /<Message>&lt;a href="x"&gt;&amp;amp;&lt;\/a&gt;\ufffd\ufffd\ufffd \u{1F3B5}\n<\/Message>/u,
  );
});
