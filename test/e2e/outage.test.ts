import assert from "node:assert/strict";
import { it } from "node:test";
import { expectedAnswers } from "../../lib/demo/data.ts";
import { compressedClock } from "../../lib/local/clock.ts";
import { documentInForce } from "../../lib/rollout/present-mode.ts";
import { openExample } from "../support/example-cloud.ts";

const HOUR_MS = 3_600_000;

it("AppConfig is down for an hour: who has a document keeps it, who starts goes by the default", async (t) => {
  const example = await openExample({ clock: compressedClock(400) });
  t.after(() => example.close());
  await example.backfill();
  const functionName = example.outputs["FunctionName"]!;
  const { clock, lambda } = example.cloud;

  /** Serves a caller of each merchant. Says how many of them V2 answered. */
  async function callers(): Promise<number> {
    const before = example.printed("V2Calls");
    for (const merchant of expectedAnswers.keys()) await example.request(merchant);
    return example.printed("V2Calls") - before;
  }

  for (const mode of ["shadow", "reverse-shadow", "new"]) {
    await example.deploy(JSON.stringify({ mode, override: "a drill" }));
  }
  await lambda.retire(functionName);
  assert.equal(await callers(), expectedAnswers.size, "V2 answers all of them");
  assert.equal(example.printed("V1Calls"), 0);

  const down = { status: 500, body: '{"Message":"down"}' };
  const mend = example.cloud.inject({ service: "appconfig", respond: () => down });
  const downAt = clock.now();
  while (clock.now() < downAt + HOUR_MS / 2) {
    assert.equal(await callers(), expectedAnswers.size, "the last good document stays");
  }
  assert.equal(example.printed("ModeDefaulted"), 0);

  await lambda.retire(functionName);
  while (clock.now() < downAt + HOUR_MS) {
    assert.equal(await callers(), 0, "the default mode is old, where V1 answers");
  }
  assert.ok(example.printed("ModeDefaulted") > 0, "and that is counted");
  assert.ok(example.printed("ModeReadFailures") > 0);

  mend();
  const mendedAt = Date.now();
  while ((await callers()) < expectedAnswers.size) {
    assert.ok(Date.now() - mendedAt < 20_000, "the document is read again");
  }
  assert.equal((await documentInForce(example.target))?.mode, "new");
});
