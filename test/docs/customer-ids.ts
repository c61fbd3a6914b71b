import { manualClock } from "../../lib/local/clock.ts";
import { until } from "../local/lambda/harness.ts";
import { openExample } from "../support/example-cloud.ts";
import type { Transcript } from "./transcript.ts";

const MINUTE_MS = 60_000;

/** Merchants that V2 has all rows of, five times each, and one of whom it lacks some. */
const WHOLE = ["bakery", "florist", "cinema", "market"];
const CALLERS_A_MINUTE = [...[1, 2, 3, 4, 5].flatMap(() => WHOLE), "garage", "garage"];

/**
 * The worked example, from `old` to a ramp and back. The clock stands still while a command runs, so that
 * counts and ages are always the same.
 */
export async function customerIds(transcript: Transcript): Promise<void> {
  const clock = manualClock(Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS);
  const example = await openExample({ clock });
  try {
    const { environment: env } = example.cloud;
    const type = (line: string) => transcript.type(line, env);
    let compared = 0;

    /** Minutes with their callers; what those leave behind is counted in the same minute. */
    async function minutes(count: number): Promise<void> {
      for (let minute = 0; minute < count; minute++) {
        for (const merchant of CALLERS_A_MINUTE) await example.request(merchant);
        compared += CALLERS_A_MINUTE.length;
        await until("all is counted", () => example.printed("Comparisons") === compared);
        await clock.advance(MINUTE_MS);
      }
    }

    await type("segue status orders");
    await type("segue promote customer-ids --yes");
    // From here on it stands between two minutes, so that no age and no period is on the brink of one.
    await clock.advance(1.5 * MINUTE_MS);
    await minutes(4);
    await Promise.all(
      [
        "segue status customer-ids",
        "segue promote customer-ids --yes --dry-run",
        "segue mismatches --since 5m",
        "segue replay --since 5m",
      ].map(type),
    );

    await example.backfill();
    await type("segue replay customer-ids --since 5m");
    await minutes(4);
    await transcript.typeAnd("segue ramp 10 customer-ids --yes", env, async ({ says }) => {
      for (const percent of [0, 40, 80]) {
        await says(` ${percent} % DEPLOYING`);
        await clock.advance(4 * MINUTE_MS);
      }
      await says("BAKING");
      await clock.advance(10 * MINUTE_MS);
    });
    await type("segue rollback customer-ids --yes");
  } finally {
    await example.close();
  }
}
