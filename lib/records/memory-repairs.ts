import type { StoredRepair } from "../call/repair.ts";
import type { RepairIdentity } from "./keys.ts";
import type { RepairStore } from "./repair-store.ts";

/** Repairs that stay in memory, for tests. */
export interface MemoryRepairs extends RepairStore {
  /** What is stored now. */
  readonly stored: readonly StoredRepair[];
}

interface Entry {
  repair: StoredRepair;
  claim?: string;
  claimedUntil?: number;
  look?: string | undefined;
}

export function memoryRepairs(): MemoryRepairs {
  const entries = new Map<string, Entry>();
  const stored = () => Array.from(entries.values(), ({ repair }) => repair);
  const ofSubject = ({ migration, subject }: Pick<RepairIdentity, "migration" | "subject">) =>
    [...entries.values()].filter(
      ({ repair }) => repair.migration === migration && repair.subject === subject,
    );
  const others = (of: RepairIdentity) => ofSubject(of).filter(({ repair }) => repair.id !== of.id);
  return {
    get stored() {
      return stored();
    },
    async put(repair, state, why) {
      if (state === "intended" && entries.has(repair.id)) return;
      entries.set(repair.id, { repair: { ...repair, state, why, overlapped: false, attempts: 0 } });
    },
    async change({ id, endedAt }, state, why) {
      const entry = entries.get(id);
      if (entry !== undefined) entry.repair = { ...entry.repair, state, why, endedAt };
      return entry !== undefined;
    },
    async remove({ id }, condition) {
      const entry = entries.get(id);
      const met =
        entry === undefined ||
        condition === "always" ||
        (condition === "unless-overlapped"
          ? !entry.repair.overlapped
          : entry.claim === condition.claim);
      if (met) entries.delete(id);
      return met;
    },
    async sameSubject(of) {
      return others(of)
        .filter(
          ({ repair, claim, look }) =>
            !repair.overlapped || claim !== undefined || look !== undefined,
        )
        .map(({ repair }) => repair);
    },
    async overlap({ id }) {
      const entry = entries.get(id);
      if (entry !== undefined) entries.set(id, { repair: { ...entry.repair, overlapped: true } });
    },
    async *list(migration) {
      const mine = stored().filter((repair) => repair.migration === migration);
      yield* mine.toSorted((a, b) => a.subject.localeCompare(b.subject));
    },
    others: async (of) => others(of).map(({ repair }) => repair),
    async holds({ id }, { claim }) {
      return entries.get(id)?.claim === claim;
    },
    async *ofSubject(of) {
      for (const { repair } of ofSubject(of)) yield repair;
    },
    async look(of) {
      const entry = ofSubject(of).find(({ repair }) => repair.id === of.id);
      return entry && { look: (entry.look ??= crypto.randomUUID()) };
    },
    async claim({ id }, untilMs, condition) {
      const entry = entries.get(id);
      if (entry === undefined) return undefined;
      if (condition === "unless-overlapped" && entry.repair.overlapped) return undefined;
      if (typeof condition === "object" && condition.look !== entry.look) return undefined;
      if (entry.claim !== undefined && entry.claimedUntil! >= Date.now()) return undefined;
      entry.claim = crypto.randomUUID();
      entry.claimedUntil = untilMs;
      return { claim: entry.claim };
    },
    async release({ id }, { claim }, why) {
      const entry = entries.get(id);
      if (entry?.claim !== claim) return;
      const { repair, look } = entry;
      const tried = why === undefined ? repair : { ...repair, why, attempts: repair.attempts + 1 };
      entries.set(id, { repair: tried, look });
    },
  };
}
