import { generatedName } from "../names.ts";
import { checkProperties } from "../properties.ts";
import type { ResourceSite } from "../service.ts";
import { readPattern, type Matcher } from "./pattern.ts";
import { readSchedule, type Schedule } from "./schedule.ts";
import { readTarget, type Target } from "./target.ts";

/** A rule of the default bus. */
export interface Rule {
  readonly name: string;
  readonly arn: string;
  readonly enabled: boolean;
  readonly matches?: Matcher;
  readonly schedule?: Schedule;
  readonly targets: readonly Target[];
}

const MAX_TARGETS = 5;

/** Reads `AWS::Events::Rule`. @throws Error for what the local cloud doesn't do */
export function readRule(properties: Readonly<Record<string, any>>, site: ResourceSite): Rule {
  const type = "AWS::Events::Rule";
  checkProperties(type, properties, [
    "Description",
    "EventBusName",
    "EventPattern",
    "Name",
    "ScheduleExpression",
    "State",
    "Tags",
    "Targets",
  ]);
  const { EventBusName, EventPattern, ScheduleExpression, State = "ENABLED" } = properties;
  if (EventBusName !== undefined && EventBusName !== "default") {
    throw new Error(`${type}: EventBusName: got ${EventBusName}, allowed is default`);
  }
  if (State !== "ENABLED" && State !== "DISABLED") {
    throw new Error(`${type}: State: got ${State}, allowed is ENABLED or DISABLED`);
  }
  if (EventPattern === undefined && ScheduleExpression === undefined) {
    throw new Error(`${type}: a rule has an EventPattern or a ScheduleExpression`);
  }
  const targets = ((properties["Targets"] ?? []) as Record<string, unknown>[]).map(readTarget);
  if (targets.length > MAX_TARGETS) {
    throw new Error(`${type}: Targets: got ${targets.length}, allowed are ${MAX_TARGETS}`);
  }
  const name: string = properties["Name"] ?? generatedName(site, 64);
  return {
    name,
    arn: `arn:aws:events:${site.region}:${site.account}:rule/${name}`,
    enabled: State === "ENABLED",
    ...(EventPattern !== undefined && { matches: readPattern(EventPattern) }),
    ...(ScheduleExpression !== undefined && { schedule: readSchedule(ScheduleExpression) }),
    targets,
  };
}
