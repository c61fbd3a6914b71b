import type { OtherRepair, StoredRepair } from "../call/repair.ts";
import { messageOf } from "../logger.ts";
import { finishRepair } from "../records/repair-book.ts";
import type { Look, RepairStore } from "../records/repair-store.ts";
import { withTimeLimit } from "../time-limit.ts";
import { wereAtOnce } from "./decide.ts";
import { CAME_IN_BETWEEN, CLAIM_MS, REQUEST_MS, TAKEN, type RepairResult } from "./repair-one.ts";

/**
 * Takes out a repair that a person has settled by hand. Those of earlier writes, and of writes that were
 * under way beside it, stay as ones that overlapped with it, so that no pass brings back what the person
 * has settled. Never rejects.
 *
 * @param others the other repairs of the same subject.
 * @param look the person's at the repair: what there was is settled, and no write that came since.
 */
export async function dismissRepair(
  store: RepairStore,
  repair: StoredRepair,
  others: readonly OtherRepair[],
  look: Look,
): Promise<RepairResult> {
  const since = others.filter((other) => other.time > repair.time && !wereAtOnce(repair, other));
  const later = new Set(since.map(({ id }) => id));
  try {
    const claim = await withTimeLimit(
      (signal) => store.claim(repair, Date.now() + CLAIM_MS, look, signal),
      REQUEST_MS,
    );
    if (claim === undefined) return { outcome: "left", why: TAKEN };
    const removed = await withTimeLimit(
      (signal) => finishRepair(store, repair, claim, (id) => later.has(id), signal),
      REQUEST_MS,
    );
    return removed ? { outcome: "done" } : { outcome: "left", why: CAME_IN_BETWEEN };
  } catch (error) {
    return { outcome: "failed", why: messageOf(error) };
  }
}
