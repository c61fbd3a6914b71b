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
      return on(describedAlarms(input).map((name) => (name === "*" ? "*" : alarm(name))));
    case "PutMetricAlarm":
    case "PutCompositeAlarm":
    case "SetAlarmState":
      return on([alarm(input["AlarmName"])]);
    case "DescribeAlarmHistory":
      return on([alarm(input["AlarmName"] ?? "*")]);
    case "EnableAlarmActions":
    case "DisableAlarmActions":
    case "DeleteAlarms":
      return on(texts(input["AlarmNames"]).map(alarm));
    case "PutDashboard":
    case "GetDashboard":
      return on([dashboard(input["DashboardName"])]);
    case "DeleteDashboards":
      return on(texts(input["DashboardNames"]).map(dashboard));
    default:
      return on(["*"]);
  }
}

/** AWS shows composite alarms only to who may see all alarms. */
function describedAlarms(input: Input): readonly string[] {
  const names = texts(input["AlarmNames"]);
  const composite = texts(input["AlarmTypes"]).includes("CompositeAlarm");
  return composite || names.length === 0 ? ["*"] : names;
}

const texts = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : []);
