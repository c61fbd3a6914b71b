import { randomUUID } from "node:crypto";

/** An event on a bus, as EventBridge hands it to targets. */
export interface BusEvent {
  readonly version: "0";
  readonly id: string;
  readonly "detail-type": string;
  readonly source: string;
  readonly account: string;
  /** ISO 8601, to the second. */
  readonly time: string;
  readonly region: string;
  readonly resources: readonly string[];
  readonly detail: unknown;
}

export function newEvent(
  given: Omit<BusEvent, "version" | "id" | "time"> & { readonly timeMs: number },
): BusEvent {
  const { timeMs, ...rest } = given;
  const time = `${new Date(timeMs).toISOString().slice(0, 19)}Z`;
  return { version: "0", id: randomUUID(), time, ...rest };
}
