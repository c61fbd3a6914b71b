import type { CloudClock } from "../clock.ts";
import type { CloudState } from "../state/cloud-state.ts";
import { evaluateAlarm, evaluationRange } from "./alarm-evaluation.ts";
import type { AlarmState } from "./alarm-evaluation.ts";
import { actionsOf } from "./alarm-action.ts";
import type { AlarmAction } from "./alarm-action.ts";
import { stateChangeEvent } from "./alarm-event.ts";
import type { AlarmStateChangeEvent } from "./alarm-event.ts";
import { longTime, reasonDataOf, reasonOf } from "./alarm-reason.ts";
import { AlarmHistory } from "./alarm-history.ts";
import type { AlarmHistoryItem } from "./alarm-history.ts";
import type { Alarm, CompositeAlarmConfig, MetricAlarmConfig } from "./alarm.ts";
import { childrenOf, evaluateRule } from "./composite-rule.ts";
import { alarmNotFound, validationError } from "./errors.ts";
import type { MetricStore } from "./metric-store.ts";
import { evaluateQueries } from "./queries.ts";

const MINUTE_MS = 60_000;
const HIGH_RESOLUTION_MS = 10_000;
/** The key of what is kept. */
const KEPT = "alarms";

export type AlarmStateChangeListener = (event: AlarmStateChangeEvent) => void;

/** All alarms: metric alarms on the clock, composite alarms on their children. */
export class Alarms {
  readonly #clock: CloudClock;
  readonly #store: MetricStore;
  readonly #arnPrefix: string;
  readonly #byName: Map<string, Alarm>;
  readonly #state: CloudState;
  readonly #listeners = new Set<AlarmStateChangeListener>();
  readonly #act: (action: AlarmAction) => void;
  readonly #history: AlarmHistory;
  #cancelTick: (() => void) | undefined;
  #nextTickAt = Infinity;
  #lastTickAt = -Infinity;

  constructor(options: {
    clock: CloudClock;
    store: MetricStore;
    region: string;
    account: string;
    /** Does what an alarm's change of state asks for. Never throws. */
    act: (action: AlarmAction) => void;
    state: CloudState;
  }) {
    this.#act = options.act;
    this.#clock = options.clock;
    this.#store = options.store;
    this.#arnPrefix = `arn:aws:cloudwatch:${options.region}:${options.account}:alarm:`;
    this.#state = options.state;
    this.#byName = (this.#state.left(KEPT) as Map<string, Alarm> | undefined) ?? new Map();
    this.#history = new AlarmHistory(this.#state);
    this.#scheduleTick();
  }

  /** By name or by ARN. */
  find(nameOrArn: string): Alarm | undefined {
    return this.#byName.get(
      nameOrArn.startsWith(this.#arnPrefix) ? nameOrArn.slice(this.#arnPrefix.length) : nameOrArn,
    );
  }

  get(name: string): Alarm {
    const alarm = this.#byName.get(name);
    if (alarm === undefined) throw alarmNotFound(name);
    return alarm;
  }

  list(): Alarm[] {
    return [...this.#byName.values()];
  }

  /** Newest first. */
  history(): readonly AlarmHistoryItem[] {
    return this.#history.items();
  }

  /**
   * Makes an alarm, in INSUFFICIENT_DATA, or changes one, which keeps its state. A metric alarm is
   * evaluated at the next tick of the clock, a composite alarm at once.
   */
  put(config: MetricAlarmConfig | CompositeAlarmConfig): Alarm {
    const existing = this.#byName.get(config.name);
    if (existing !== undefined && existing.config.kind !== config.kind) {
      throw validationError(`${config.name} exists as a ${existing.config.kind} alarm`);
    }
    if (config.kind === "composite") this.#assertChildrenExist(config);
    const now = this.#clock.now();
    const alarm = existing ?? {
      arn: this.#arnPrefix + config.name,
      config,
      configuredAt: now,
      state: {
        value: "INSUFFICIENT_DATA" as const,
        reason: "Unchecked: Initial alarm creation",
        reasonData: undefined,
        timestamp: now,
      },
      transitionedAt: now,
    };
    alarm.config = config;
    alarm.configuredAt = now;
    this.#byName.set(config.name, alarm);
    this.#keep();
    if (config.kind === "composite") this.#evaluateComposite(alarm, config, undefined, new Set());
    else this.#scheduleTick();
    return alarm;
  }

  /** All or none, as AWS does it. An alarm that a composite alarm needs is not deleted before it. */
  delete(names: readonly string[]): void {
    const alarms = names.map((name) => this.get(name));
    for (const alarm of alarms) {
      const parent = this.parentsOf(alarm).find((other) => !alarms.includes(other));
      if (parent !== undefined) {
        throw validationError(
          `Cannot delete ${alarm.config.name} as composite alarm ${parent.config.name} depends on it`,
        );
      }
    }
    for (const name of names) this.#byName.delete(name);
    this.#keep();
  }

  parentsOf(child: Alarm): Alarm[] {
    return this.list().filter(
      ({ config }) =>
        config.kind === "composite" &&
        childrenOf(config.tree).some((name) => this.find(name) === child),
    );
  }

  setState(name: string, value: AlarmState, reason: string, reasonData: string | undefined): void {
    this.#change(this.get(name), value, reason, reasonData, new Set());
  }

  /** An alarm whose actions are disabled does nothing, and AppConfig doesn't heed it. */
  setActionsEnabled(alarm: Alarm, actionsEnabled: boolean): void {
    alarm.config = { ...alarm.config, actionsEnabled };
    this.#keep();
  }

  onStateChange(listener: AlarmStateChangeListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close(): void {
    this.#cancelTick?.();
    this.#cancelTick = undefined;
    this.#nextTickAt = Infinity;
  }

  #keep(): void {
    this.#state.keep(KEPT, () => this.#byName);
  }

  #assertChildrenExist({ tree }: CompositeAlarmConfig): void {
    const unknown = childrenOf(tree).filter((name) => this.find(name) === undefined);
    if (unknown.length > 0) {
      throw validationError(`AlarmRule: alarms ${unknown.join(", ")} do not exist`);
    }
  }

  /** To the next full minute, or with high-resolution alarms the next full 10 seconds. */
  #scheduleTick(): void {
    const metricAlarms = this.list().filter(({ config }) => config.kind === "metric");
    if (metricAlarms.length === 0) return;
    const everyMs = metricAlarms.some(isHighResolution) ? HIGH_RESOLUTION_MS : MINUTE_MS;
    const now = this.#clock.now();
    // A timer may fire a hair early: its boundary is done with all the same.
    const at = (Math.floor(Math.max(now, this.#lastTickAt) / everyMs) + 1) * everyMs;
    if (this.#cancelTick !== undefined && this.#nextTickAt <= at) return;
    this.#cancelTick?.();
    this.#nextTickAt = at;
    this.#cancelTick = this.#clock.schedule(at - now, () => {
      this.#cancelTick = undefined;
      // When it fires late, at the last boundary that has passed.
      const passed = Math.floor(this.#clock.now() / everyMs) * everyMs;
      this.#lastTickAt = Math.max(at, passed);
      this.#tick(this.#lastTickAt);
      this.#scheduleTick();
    });
  }

  #tick(time: number): void {
    for (const alarm of this.list()) {
      const { config } = alarm;
      if (config.kind !== "metric") continue;
      const due = isHighResolution(alarm) || time % MINUTE_MS === 0;
      if (due && this.#byName.get(config.name) === alarm) this.#evaluateMetric(alarm, config, time);
    }
  }

  /** The periods end at the tick, and slide with it: that is AWS's default evaluation window. */
  #evaluateMetric(alarm: Alarm, config: MetricAlarmConfig, tick: number): void {
    const periodMs = config.periodSeconds * 1_000;
    const length = evaluationRange(config.evaluationPeriods);
    const start = tick - length * periodMs;
    const times = Array.from({ length }, (_, index) => start + index * periodMs);
    const results = evaluateQueries(this.#store, config.queries, { start, end: tick });
    const { id } = config.queries.find(({ returnData }) => returnData)!;
    const points = times.map((time) => results.get(id)?.[0]?.points.get(time));
    const evaluation = evaluateAlarm(config, points, alarm.state.value);
    if (evaluation.state === alarm.state.value) return;
    const evaluated = { evaluation, points, times };
    this.#change(
      alarm,
      evaluation.state,
      reasonOf(config, alarm.state.value, evaluated),
      reasonDataOf(config, this.#clock.now(), evaluated),
      new Set(),
    );
  }

  #evaluateComposite(
    alarm: Alarm,
    config: CompositeAlarmConfig,
    child: Alarm | undefined,
    changing: ReadonlySet<Alarm>,
  ): void {
    const inAlarm = evaluateRule(config.tree, (name) => this.find(name)?.state.value);
    const value = inAlarm ? "ALARM" : "OK";
    if (value === alarm.state.value) return;
    const reason =
      child === undefined
        ? `${alarm.arn} was created and its alarm rule evaluates to ${value}`
        : `${child.arn} transitioned to ${child.state.value} at ${new Date(child.state.timestamp).toUTCString()}`;
    const triggeringAlarms = (child === undefined ? [] : [child]).map(({ arn, state }) => ({
      arn,
      state: { value: state.value, timestamp: longTime(state.timestamp) },
    }));
    this.#change(alarm, value, reason, JSON.stringify({ triggeringAlarms }), changing);
  }

  /** @param changing the alarms whose change led to this one: a cycle of composites ends there */
  #change(
    alarm: Alarm,
    value: AlarmState,
    reason: string,
    reasonData: string | undefined,
    changing: ReadonlySet<Alarm>,
  ): void {
    const now = this.#clock.now();
    const previous = alarm.state;
    alarm.state = { value, reason, reasonData, timestamp: now };
    this.#keep();
    if (value === previous.value) return;
    alarm.transitionedAt = now;
    this.#history.record(alarm, previous);
    const event = stateChangeEvent(alarm, previous);
    for (const listener of this.#listeners) listener(event);
    for (const action of actionsOf(alarm, previous)) this.#act(action);
    const chain = new Set([...changing, alarm]);
    for (const parent of this.parentsOf(alarm)) {
      if (parent.config.kind === "composite" && !chain.has(parent)) {
        this.#evaluateComposite(parent, parent.config, alarm, chain);
      }
    }
  }
}

const isHighResolution = ({ config }: Alarm): boolean =>
  config.kind === "metric" && config.periodSeconds < 60;
