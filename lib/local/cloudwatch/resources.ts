import type { CloudClock } from "../clock.ts";
import { generatedName } from "../names.ts";
import { checkProperties } from "../properties.ts";
import type { CreatedResource, KeptKind, ResourceMaker, ResourceSite } from "../service.ts";
import { readCompositeAlarm, readMetricAlarm } from "./alarm.ts";
import type { Alarm } from "./alarm.ts";
import type { Alarms } from "./alarms.ts";
import type { Dashboards } from "./dashboards.ts";
import type { Input } from "./input.ts";

/** Not acted upon, here or by any service of the local cloud. */
const IGNORED: readonly string[] = ["Tags"];

const ACTIONS = ["ActionsEnabled", "AlarmActions", "InsufficientDataActions", "OKActions"];

/**
 * CloudWatch's resource types. Their properties have the names of the API's members, so a resource is
 * the API's operation, with its validation.
 */
export function cloudWatchResources(context: {
  readonly alarms: Alarms;
  readonly dashboards: Dashboards;
  readonly clock: CloudClock;
}): Record<string, ResourceMaker> {
  const { alarms, dashboards, clock } = context;
  return {
    ...maker(
      "AWS::CloudWatch::Alarm",
      [
        ...ACTIONS,
        "AlarmName",
        "AlarmDescription",
        "ComparisonOperator",
        "DatapointsToAlarm",
        "Dimensions",
        "EvaluateLowSampleCountPercentile",
        "EvaluationPeriods",
        "ExtendedStatistic",
        "MetricName",
        "Metrics",
        "Namespace",
        "Period",
        "Statistic",
        "Threshold",
        "TreatMissingData",
        "Unit",
      ],
      (properties, site) => created(alarms.put(readMetricAlarm(named(typed(properties), site)))),
    ),
    ...maker(
      "AWS::CloudWatch::CompositeAlarm",
      [...ACTIONS, "AlarmName", "AlarmDescription", "AlarmRule"],
      (properties, site) => created(alarms.put(readCompositeAlarm(named(typed(properties), site)))),
    ),
    ...maker(
      "AWS::CloudWatch::Dashboard",
      ["DashboardName", "DashboardBody"],
      (properties, site) => {
        const DashboardName = properties.DashboardName ?? generatedName(site);
        dashboards.put({ ...properties, DashboardName }, clock.now());
        return { ref: DashboardName };
      },
    ),
  };
}

/** Each of them is put in the place of one of the same name, and an alarm's state stays. */
export function cloudWatchKinds(context: {
  readonly alarms: Alarms;
  readonly dashboards: Dashboards;
  readonly resources: Readonly<Record<string, ResourceMaker>>;
}): Record<string, KeptKind> {
  const { alarms, dashboards, resources } = context;
  const kind = (type: string, remove: (name: string) => void): Record<string, KeptKind> => ({
    [type]: {
      update: (_kept, properties, site) => resources[type]!(properties, site),
      remove: ({ created: { ref } }) => remove(ref),
    },
  });
  const removeAlarm = (name: string) => {
    if (alarms.find(name) !== undefined) alarms.delete([name]);
  };
  return {
    ...kind("AWS::CloudWatch::Alarm", removeAlarm),
    ...kind("AWS::CloudWatch::CompositeAlarm", removeAlarm),
    ...kind("AWS::CloudWatch::Dashboard", (name) => dashboards.remove([name])),
  };
}

const named = (properties: Input, site: ResourceSite): Input => ({
  ...properties,
  AlarmName: properties.AlarmName ?? generatedName(site),
});

/** Numbers and booleans that a template has as text, as parameters are: CloudFormation reads both. */
function typed(properties: Input): Input {
  return JSON.parse(JSON.stringify(properties), (key, value: unknown) => {
    if (typeof value !== "string") return value;
    if (NUMBERS.has(key) && value.trim() !== "") return Number(value);
    if (BOOLEANS.has(key) && /^(true|false)$/.test(value)) return value === "true";
    return value;
  });
}

const NUMBERS = new Set(["DatapointsToAlarm", "EvaluationPeriods", "Period", "Threshold"]);
const BOOLEANS = new Set(["ActionsEnabled", "ReturnData"]);

const created = ({ arn, config }: Alarm): CreatedResource => ({
  ref: config.name,
  attributes: { Arn: arn },
});

function maker(
  type: string,
  supported: readonly string[],
  make: (properties: Input, site: ResourceSite) => CreatedResource,
): Record<string, ResourceMaker> {
  return {
    [type]: (properties: Input, site: ResourceSite) => {
      checkProperties(`${type} ${site.logicalId}`, properties, [...supported, ...IGNORED]);
      try {
        return make(properties, site);
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        throw new Error(`${type} ${site.logicalId}: ${reason}`, { cause: error });
      }
    },
  };
}
