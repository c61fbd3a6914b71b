import assert from "node:assert/strict";
import { it } from "node:test";
import { compressedClock } from "../../lib/local/clock.ts";
import { openExample } from "../support/example-cloud.ts";

// Both are the construct's defaults, in milliseconds.
const ALARM_PERIOD_MS = 60_000;
const POLL_INTERVAL_MS = 15_000;

/**
 * The clock is slow enough for what only the machine takes, such as to start the guard's process, not to
 * count for much, and the failures begin at a quarter of an alarm's period.
 */
const SPEED = 6;
const INTO_PERIOD_MS = ALARM_PERIOD_MS / 4;

it("V2 fails after the bake: the mode is rolled back within an alarm's period and a poll's interval", async (t) => {
  const example = await openExample({ clock: compressedClock(SPEED) });
  t.after(() => example.close());
  await example.backfill();
  const { clock } = example.cloud;

  /** Lets callers come, all of whom get the right answer, until something is so. */
  async function callersUntil(isSo: () => boolean): Promise<void> {
    const startedAt = clock.now();
    do {
      await example.request();
      assert.ok(clock.now() - startedAt < 5 * ALARM_PERIOD_MS, "in time");
    } while (!isSo());
  }

  // Nobody watches a deployment without a bake, as nobody watches one after its bake.
  for (const mode of ["shadow", "reverse-shadow"]) {
    await example.deploy(JSON.stringify({ mode, override: "a drill" }));
  }
  await callersUntil(() => example.printed("Comparisons") > 0);
  const intoPeriod = () => clock.now() % ALARM_PERIOD_MS;
  await callersUntil(() => intoPeriod() < POLL_INTERVAL_MS / 3);
  await callersUntil(() => intoPeriod() >= INTO_PERIOD_MS);

  let firstFailureAt: number | undefined;
  t.after(
    example.cloud.inject({
      service: "dynamodb",
      when: ({ body }) => body.includes(example.outputs["PendingPaymentsTable"]!),
      respond() {
        firstFailureAt ??= clock.now();
        return {
          status: 400,
          headers: { "content-type": "application/x-amz-json-1.0" },
          body: '{"__type":"com.amazon.coral.service#AccessDeniedException","Message":"no"}',
        };
      },
    }),
  );
  // In reverse-shadow a failing V2 is the primary; that it fails as the secondary is the first sign of shadow.
  await callersUntil(() => example.printed("SecondaryErrors") > 0);
  const tookMs = clock.now() - firstFailureAt!;
  t.diagnostic(`${Math.round(tookMs / 1_000)} s of the cloud`);
  assert.ok(example.printed("Fallbacks") > 0);
  // The guard counts its step when that is in force, and callers may be served by it already.
  await callersUntil(() => example.printed("GuardRollbacks") > 0);
  assert.equal(example.printed("GuardRollbacks"), 1);
  assert.ok(tookMs <= ALARM_PERIOD_MS + POLL_INTERVAL_MS, `${tookMs} ms`);
});
