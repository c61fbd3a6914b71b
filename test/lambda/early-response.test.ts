import assert from "node:assert/strict";
import { createServer, type ServerResponse } from "node:http";
import { test, type TestContext } from "node:test";
import { closeServer, listen } from "../../lib/local/listen.ts";
import { isStopped, setUpLambda, until } from "../local/lambda/harness.ts";
import { bundled, PRELUDE } from "./early.ts";

/** A V2 that answers when the test lets it. */
async function openV2(t: TestContext) {
  const waiting: ServerResponse[] = [];
  const server = createServer((_, response) => void waiting.push(response));
  const url = `http://127.0.0.1:${await listen(server)}`;
  t.after(() => closeServer(server));
  return {
    url,
    asked: () => until("V2 is asked", () => waiting.length > 0),
    answer: (text = "ok") => waiting.splice(0).forEach((response) => response.end(text)),
  };
}

for (const format of ["esm", "cjs"] as const) {
  test(`the caller has its answer while the secondary is still under way (${format})`, async (t) => {
    const { define, invoke, lines } = await setUpLambda(t);
    const v2 = await openV2(t);
    const code = await bundled(
      `${PRELUDE}
      export const handler = middy().use(early()).handler(async (url, context) => {
        await migration.client(context).get(url);
        return process.pid;
      });`,
      { format },
    );
    await define("early", code, { Timeout: 30 });
    for (let count = 1; count <= 3; count++) {
      const { result: pid, $metadata } = await invoke("early", v2.url);
      assert.equal(typeof pid, "number");
      await v2.asked();
      assert.ok(!isStopped(pid), "it is held");
      v2.answer();
      await until("it is frozen", () => isStopped(pid));
      const printed = lines.map(({ line }) => line);
      assert.ok(printed.includes(`stored match of ${$metadata.requestId}`), printed.join("\n"));
      const metrics = printed.filter((line) => line.includes('"DrainedEarly"'));
      assert.equal(metrics.length, count);
      assert.match(metrics.at(-1)!, /"Held":/);
    }
  });
}
