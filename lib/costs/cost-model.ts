import { dynamoDbCosts } from "./dynamodb-costs.ts";
import { lambdaCosts, versionCalls } from "./lambda-costs.ts";
import { metricsCosts } from "./metrics-costs.ts";
import { partsOf } from "./parts.ts";
import {
  hasDualWrites,
  wholeTraffic,
  type MigrationTraffic,
  type WholeTraffic,
} from "./traffic.ts";

/**
 * What a migration comes to in one mode, in the units by which AWS bills, for the whole time of its
 * traffic. What the function costs without Segue is not in it, save for {@link calls}.
 */
export interface MigrationCosts {
  /** Calls of each version, all of them: what these cost, the dependency's owner knows. */
  readonly calls: { readonly v1: number; readonly v2: number };
  readonly lambda: {
    /** Duration that is billed beyond what the primary takes, by the functions' memory. */
    readonly gbSeconds: number;
    /** Milliseconds that a caller waits longer for the response, on average. Not billed. */
    readonly callerWaitMs: number;
    /** Invocations of the repair function; the functions' own are there anyway. */
    readonly requests: number;
  };
  readonly appConfig: {
    /** `GetLatestConfiguration`. */
    readonly requests: number;
    /** Those of them that brought a document. */
    readonly received: number;
  };
  readonly dynamoDb: {
    /** By operation. */
    readonly requests: {
      readonly BatchWriteItem: number;
      readonly PutItem: number;
      readonly UpdateItem: number;
      readonly DeleteItem: number;
      readonly Query: number;
    };
    /** Write request units. */
    readonly writeUnits: number;
    /** Read request units. */
    readonly readUnits: number;
    /** Storage, once as many records expire as are written. */
    readonly storageGb: number;
  };
  readonly logs: {
    readonly lines: number;
    /** Bytes that CloudWatch Logs takes in. */
    readonly bytes: number;
  };
  readonly cloudWatch: {
    /** Custom metrics: names by sets of dimensions. */
    readonly metrics: number;
    /** Metrics that alarms look at, of which each is billed. */
    readonly alarmMetrics: number;
    readonly compositeAlarms: number;
    readonly dashboards: number;
  };
}

/**
 * Works out what a migration costs in one mode, in AWS's units. A pure function of its traffic: averages
 * all through, so results are fractions.
 *
 * Not in it: Lambda's duration of the repair function, the few requests of the gate, the guard and of
 * operators, fallbacks of reads that were not drawn, primaries that fail, and writes of one subject that
 * overlap.
 *
 * @throws {TypeError | RangeError} naming what is wrong with the traffic, what it got and what is allowed.
 * @example
 * migrationCosts({
 *   document: { mode: "shadow", sample: { secondary: 0.1 } },
 *   operations: [{ kind: "read", mismatches: 0.001 }],
 * }).dynamoDb.writeUnits; // 100
 */
export function migrationCosts(given: MigrationTraffic): MigrationCosts {
  const traffic = wholeTraffic(given);
  const parts = partsOf(traffic);
  const repairPasses = hasDualWrites(traffic) ? (traffic.hours * 60) / traffic.repairMinutes : 0;
  return {
    calls: versionCalls(traffic, parts),
    lambda: lambdaCosts(traffic, parts, repairPasses),
    appConfig: appConfig(traffic, repairPasses),
    dynamoDb: dynamoDbCosts(traffic, parts, repairPasses),
    ...metricsCosts(traffic, parts, repairPasses),
  };
}

function appConfig(traffic: WholeTraffic, repairPasses: number): MigrationCosts["appConfig"] {
  const { invocations, environments, coldStarts, deployments, hours, pollSeconds } = traffic;
  // The agent has no timer: it polls when an invocation finds its interval over.
  const polls = Math.min(invocations, (environments * hours * 3_600) / pollSeconds);
  return {
    requests: coldStarts + polls + repairPasses,
    received: coldStarts + deployments * environments,
  };
}
