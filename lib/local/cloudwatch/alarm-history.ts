import type { CloudState } from "../state/cloud-state.ts";
import type { Alarm, AlarmStateDetail } from "./alarm.ts";

/** AWS keeps alarm history for 30 days. */
const KEEP_MS = 30 * 24 * 3_600_000;
/** The key of what is kept. */
const KEPT = "alarm-history";

export interface AlarmHistoryItem {
  readonly alarmName: string;
  readonly alarmType: "MetricAlarm" | "CompositeAlarm";
  readonly timestamp: number;
  readonly summary: string;
  /** JSON. */
  readonly data: string;
}

/** Every change of state of every alarm, for 30 days; deleted alarms included, as in AWS. */
export class AlarmHistory {
  /** Oldest first. */
  readonly #items: AlarmHistoryItem[];
  readonly #state: CloudState;

  constructor(state: CloudState) {
    this.#state = state;
    this.#items = (state.left(KEPT) as AlarmHistoryItem[] | undefined) ?? [];
  }

  /** Newest first. */
  items(): readonly AlarmHistoryItem[] {
    return this.#items.toReversed();
  }

  /** @param previous the state before the alarm's present one */
  record({ config, state }: Alarm, previous: AlarmStateDetail): void {
    const kept = this.#items.findIndex(({ timestamp }) => timestamp >= state.timestamp - KEEP_MS);
    this.#items.splice(0, kept === -1 ? this.#items.length : kept);
    this.#items.push({
      alarmName: config.name,
      alarmType: config.kind === "metric" ? "MetricAlarm" : "CompositeAlarm",
      timestamp: state.timestamp,
      summary: `Alarm updated from ${previous.value} to ${state.value}`,
      data: JSON.stringify({
        version: "1.0",
        oldState: { stateValue: previous.value, stateReason: previous.reason },
        newState: {
          stateValue: state.value,
          stateReason: state.reason,
          ...(state.reasonData !== undefined && { stateReasonData: state.reasonData }),
        },
      }),
    });
    this.#state.keep(KEPT, () => this.#items);
  }
}
