import type { Access } from "../access.ts";
import type { CloudClock } from "../clock.ts";
import type { Service, ServiceRequest, ServiceResponse } from "../service.ts";
import { nothingKept, type CloudState } from "../state/cloud-state.ts";
import type { AlarmAction } from "./alarm-action.ts";
import type { AlarmState } from "./alarm-evaluation.ts";
import { cloudWatchAccesses } from "./access.ts";
import { Alarms } from "./alarms.ts";
import type { AlarmStateChangeListener } from "./alarms.ts";
import * as alarmApi from "./api-alarms.ts";
import * as metricApi from "./api-metrics.ts";
import { Dashboards } from "./dashboards.ts";
import { parseEmf } from "./emf.ts";
import { CloudWatchError, errorResponse, notInLocalCloud, validationError } from "./errors.ts";
import type { Input } from "./input.ts";
import { MetricStore, type MetricId } from "./metric-store.ts";
import { cloudWatchKinds, cloudWatchResources } from "./resources.ts";

export type { AlarmAction } from "./alarm-action.ts";
export type { AlarmState } from "./alarm-evaluation.ts";
export type { AlarmStateChangeEvent } from "./alarm-event.ts";
export type { AlarmStateChangeListener } from "./alarms.ts";

export interface CloudWatchService extends Service {
  /** Takes a line of a function's output: the metrics of an EMF blob are stored. Never throws. */
  ingestLogLine(line: string): void;
  /** How many lines of EMF were stored, and how many were malformed and ignored. */
  readonly emfLines: { readonly stored: number; readonly malformed: number };
  /** An alarm's state by its ARN. Undefined: unknown, or its actions are disabled. */
  alarmState(arn: string): AlarmState | undefined;
  /** What who asks for an alarm's state has to be allowed. */
  accessToAlarm(arn: string): Access;
  /** Takes what a service of AWS has just measured, such as how long a function ran. */
  measure(measured: MetricId & { value: number; unit: "Count" | "Milliseconds" }): void;
  /** @returns a function that stops it */
  onAlarmStateChange(listener: AlarmStateChangeListener): () => void;
}

export interface CloudWatchOptions {
  readonly clock: CloudClock;
  /** @default nothing is kept */
  readonly state?: CloudState;
  /** Does what an alarm's change of state asks for. Never throws. @default nothing is done */
  act?(action: AlarmAction): void;
  /** @default us-east-1 */
  readonly region?: string;
  /** @default 000000000000 */
  readonly account?: string;
}

/** What clients of the query protocol knew these refusals as. */
const QUERY_CODES = {
  AccessDeniedException: "AccessDenied",
  UnrecognizedClientException: "InvalidClientTokenId",
} as const;

const TARGET = "GraniteServiceVersion20100801.";

export function createCloudWatch(options: CloudWatchOptions): CloudWatchService {
  const { clock, region = "us-east-1", account = "000000000000", state = nothingKept } = options;
  const store = new MetricStore(clock, state);
  const act = (action: AlarmAction) => options.act?.(action);
  const alarms = new Alarms({ clock, store, region, account, act, state });
  const dashboards = new Dashboards(account, state);
  const metrics = { store, clock };
  const emfLines = { stored: 0, malformed: 0 };

  const operations: Readonly<Record<string, (input: Input) => unknown>> = {
    PutMetricData: (input) => metricApi.putMetricData(metrics, input),
    GetMetricData: (input) => metricApi.getMetricData(metrics, input),
    GetMetricStatistics: (input) => metricApi.getMetricStatistics(metrics, input),
    ListMetrics: (input) => metricApi.listMetrics(metrics, input),
    PutMetricAlarm: (input) => alarmApi.putMetricAlarm(alarms, input),
    PutCompositeAlarm: (input) => alarmApi.putCompositeAlarm(alarms, input),
    DescribeAlarms: (input) => alarmApi.describeAlarms(alarms, input),
    DescribeAlarmHistory: (input) => alarmApi.describeAlarmHistory(alarms, input),
    SetAlarmState: (input) => alarmApi.setAlarmState(alarms, input),
    EnableAlarmActions: (input) => alarmApi.setActionsEnabled(alarms, input, true),
    DisableAlarmActions: (input) => alarmApi.setActionsEnabled(alarms, input, false),
    DeleteAlarms: (input) => alarmApi.deleteAlarms(alarms, input),
    PutDashboard: (input) => dashboards.put(input, clock.now()),
    GetDashboard: (input) => dashboards.get(input),
    ListDashboards: (input) => dashboards.list(input),
    DeleteDashboards: (input) => dashboards.delete(input),
  };

  const nameOf = ({ headers }: ServiceRequest): string => {
    const target = String(headers["x-amz-target"] ?? "");
    return target.startsWith(TARGET) ? target.slice(TARGET.length) : target;
  };
  const run = (request: ServiceRequest): unknown => {
    const name = nameOf(request);
    const operation = Object.hasOwn(operations, name) ? operations[name] : undefined;
    if (operation === undefined) {
      // Without a target it would be the query protocol or CBOR, which older clients speak.
      throw notInLocalCloud(name || `${request.method} ${request.path} without X-Amz-Target`);
    }
    return operation(parseBody(request.body));
  };

  const resources = cloudWatchResources({ alarms, dashboards, clock });

  return {
    signingName: "monitoring",
    resources,
    keptKinds: cloudWatchKinds({ alarms, dashboards, resources }),
    emfLines,
    ingestLogLine(line) {
      try {
        const blob = parseEmf(line);
        if (blob === undefined) return;
        const time = clock.fromWall(blob.timestamp);
        for (const { id, values, ...rest } of blob.metrics) {
          store.put(id, { ...rest, time, values: values.map((value) => [value, 1] as const) });
        }
        emfLines.stored += 1;
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        emfLines.malformed += 1;
      }
    },
    alarmState(arn) {
      const alarm = alarms.find(arn);
      return alarm?.arn === arn && alarm.config.actionsEnabled ? alarm.state.value : undefined;
    },
    accessToAlarm: (arn) => ({
      action: "cloudwatch:DescribeAlarms",
      resource: alarms.find(arn)?.config.kind === "composite" ? "*" : arn,
    }),
    measure({ value, unit, ...id }) {
      store.put(id, { time: clock.now(), unit, values: [[value, 1]] });
    },
    onAlarmStateChange: (listener) => alarms.onStateChange(listener),
    accesses(request) {
      const name = nameOf(request);
      if (!Object.hasOwn(operations, name)) return [];
      try {
        return cloudWatchAccesses(name, parseBody(request.body), { region, account });
      } catch (error) {
        if (error instanceof CloudWatchError) return [];
        throw error;
      }
    },
    refuse: ({ type, message }) =>
      errorResponse(new CloudWatchError(403, type, QUERY_CODES[type], message)),
    async handle(request): Promise<ServiceResponse> {
      try {
        return {
          status: 200,
          headers: { "content-type": "application/x-amz-json-1.0" },
          body: JSON.stringify(run(request) ?? {}),
        };
      } catch (error) {
        if (error instanceof CloudWatchError) return errorResponse(error);
        throw error;
      }
    },
    async close() {
      alarms.close();
    },
  };
}

function parseBody(body: Buffer): Input {
  try {
    const input: unknown = JSON.parse(body.toString("utf8") || "{}");
    if (typeof input === "object" && input !== null) return input;
  } catch {
    // Said below.
  }
  throw validationError("the body is not a JSON object");
}
