import type { Access } from "../access.ts";
import type { Input } from "./input.ts";

/** What an operation of CloudWatch does to what: most know no resources. */
export function cloudWatchAccesses(
  operation: string,
  input: Input,
  ids: { readonly region: string; readonly account: string },
): Access[] {
  const action = `cloudwatch:${operation}`;
  const alarm = (name: string) => `arn:aws:cloudwatch:${ids.region}:${ids.account}:alarm:${name}`;
  const dashboard = (name: string) => `arn:aws:cloudwatch::${ids.account}:dashboard/${name}`;
  const on = (resources: readonly string[]) => resources.map((resource) => ({ action, resource }));
  switch (operation) {
    case "PutMetricData": {
      const context = { "cloudwatch:namespace": String(input["Namespace"]) };
      return [{ action, resource: "*", context }];
    }
    case "DescribeAlarms":
      return on(showsComposites(input) ? ["*"] : (named(input) ?? ["*"]).map(alarm));
    case "PutMetricAlarm":
    case "PutCompositeAlarm":
    case "SetAlarmState":
      return on([alarm(input["AlarmName"])]);
    case "DescribeAlarmHistory":
      return on([alarm(input["AlarmName"] ?? "*")]);
    case "EnableAlarmActions":
    case "DisableAlarmActions":
    case "DeleteAlarms":
      return on((named(input) ?? []).map(alarm));
    case "PutDashboard":
    case "GetDashboard":
      return on([dashboard(input["DashboardName"])]);
    case "DeleteDashboards":
      return on(texts(input["DashboardNames"]).map(dashboard));
    default:
      return on(["*"]);
  }
}

/** Composite alarms are shown only to who may see everything. */
const showsComposites = (input: Input): boolean =>
  texts(input["AlarmTypes"]).includes("CompositeAlarm") ||
  input["ChildrenOfAlarmName"] !== undefined ||
  input["ParentsOfAlarmName"] !== undefined;

/** The alarms that are asked for by name, if any are. */
function named(input: Input): readonly string[] | undefined {
  const names = texts(input["AlarmNames"]);
  return names.length === 0 ? undefined : names;
}

const texts = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : []);
