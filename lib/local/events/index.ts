import type { Access } from "../access.ts";
import type { CloudClock } from "../clock.ts";
import type { ActingService } from "../iam/index.ts";
import { refuseInAwsJson } from "../refuse.ts";
import type { Service, ServiceRequest, ServiceResponse } from "../service.ts";
import { newEvent, type BusEvent } from "./event.ts";
import { EventsError, readEntries } from "./put-events.ts";
import { readRule, type Rule } from "./rule.ts";

export type { BusEvent } from "./event.ts";

/** EventBridge: the default bus and its rules. */
export interface EventsService extends Service {
  /** Puts an event of a service of AWS on the bus. Never throws. */
  put(event: BusEvent): void;
}

export interface EventsOptions {
  readonly clock: CloudClock;
  readonly region: string;
  readonly account: string;
  /**
   * Hands a rule's input to its target, and doesn't wait for what the target makes of it.
   *
   * @throws Error where the target isn't there, or the rule may not use it
   */
  deliver(rule: ActingService, targetArn: string, input: unknown): void;
  /** Counts a rule's metric, in the namespace AWS/Events. */
  count(metric: "TriggeredRules" | "Invocations" | "FailedInvocations", ruleName: string): void;
}

const TARGET = "AWSEvents.";

export function createEvents(options: EventsOptions): EventsService {
  const { clock, region, account } = options;
  const rules = new Map<string, Rule>();
  const cancels = new Map<string, () => void>();
  let closed = false;

  const trigger = (rule: Rule, event: BusEvent) => {
    options.count("TriggeredRules", rule.name);
    for (const target of rule.targets) {
      options.count("Invocations", rule.name);
      try {
        const actor = { service: "events.amazonaws.com", sourceArn: rule.arn };
        options.deliver(actor, target.arn, target.input(event));
      } catch (error) {
        // On AWS nobody hears of it but this metric.
        options.count("FailedInvocations", rule.name);
        console.error(`local cloud: rule ${rule.name}: ${(error as Error).message}`);
      }
    }
  };

  const put = (event: BusEvent) => {
    if (closed) return;
    for (const rule of rules.values()) {
      if (rule.enabled && rule.matches?.(event) === true) trigger(rule, event);
    }
  };

  const scheduleNext = (rule: Rule, afterMs: number) => {
    const dueMs = rule.schedule!(afterMs);
    if (dueMs === undefined) return;
    const cancel = clock.schedule(dueMs - clock.now(), () => {
      const event = newEvent({
        "detail-type": "Scheduled Event",
        source: "aws.events",
        account,
        region,
        resources: [rule.arn],
        detail: {},
        timeMs: dueMs,
      });
      trigger(rule, event);
      scheduleNext(rule, lastDue(rule, dueMs));
    });
    cancels.set(rule.name, cancel);
  };

  /** What fell due while this machine slept has run once, and isn't made up for. */
  const lastDue = (rule: Rule, ranMs: number): number => {
    const now = clock.now();
    let last = ranMs;
    for (let next = rule.schedule!(last); next !== undefined && next <= now;) {
      last = next;
      next = rule.schedule!(last);
    }
    return last;
  };

  const putEvents = (input: Readonly<Record<string, unknown>>) => {
    const entries = readEntries(input, { region, account, nowMs: clock.now() });
    for (const entry of entries) if ("id" in entry) put(entry);
    return {
      FailedEntryCount: entries.filter((entry) => !("id" in entry)).length,
      Entries: entries.map((entry) => ("id" in entry ? { EventId: entry.id } : entry)),
    };
  };

  const operationOf = ({ headers }: ServiceRequest) =>
    String(headers["x-amz-target"]).replace(TARGET, "");

  return {
    signingName: "events",
    resources: {
      "AWS::Events::Rule"(properties, site) {
        const rule = readRule(properties, site);
        rules.set(rule.name, rule);
        if (rule.enabled && rule.schedule !== undefined) scheduleNext(rule, clock.now());
        return { ref: rule.name, attributes: { Arn: rule.arn } };
      },
    },
    put,
    accesses(request): Access[] {
      if (operationOf(request) !== "PutEvents") return [];
      const resource = `arn:aws:events:${region}:${account}:event-bus/default`;
      return [{ action: "events:PutEvents", resource }];
    },
    refuse: refuseInAwsJson,
    async handle(request) {
      const operation = operationOf(request);
      try {
        if (operation !== "PutEvents") {
          const message = `the local cloud's EventBridge has no operation ${operation}`;
          throw new EventsError("UnknownOperationException", message);
        }
        return json(200, putEvents(inputOf(request)));
      } catch (error) {
        if (!(error instanceof EventsError)) throw error;
        return json(400, { __type: error.type, message: error.message });
      }
    },
    async close() {
      closed = true;
      for (const cancel of cancels.values()) cancel();
    },
  };
}

function inputOf({ body }: ServiceRequest): Readonly<Record<string, unknown>> {
  try {
    const input: unknown = JSON.parse(body.toString());
    if (typeof input === "object" && input !== null) return { ...input };
  } catch {
    // Said below.
  }
  throw new EventsError("SerializationException", "the body is not a JSON object");
}

function json(status: number, content: object): ServiceResponse {
  const headers = { "content-type": "application/x-amz-json-1.1" };
  return { status, headers, body: JSON.stringify(content) };
}
