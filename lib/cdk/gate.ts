import { Stack, type Duration } from "aws-cdk-lib";
import type { IApplication, IEnvironment } from "aws-cdk-lib/aws-appconfig";
import { PolicyStatement } from "aws-cdk-lib/aws-iam";
import type { Function } from "aws-cdk-lib/aws-lambda";
import type { Construct } from "constructs";
import { GATE_VARIABLE, type GateEnvironment } from "../rollout/gate-environment.ts";
import { gateThresholds, type GateThresholds } from "../rollout/gate-thresholds.ts";
import { justifyWildcards } from "./justify.ts";
import { ownFunction } from "./own-function.ts";
import { lookPermissions } from "./rollout-permissions.ts";

/** What the gate asks for before it lets the migration go on. */
export interface GateProps {
  /**
   * Comparisons in the present mode.
   * @default 1000
   */
  readonly minimumComparisons?: number;
  /**
   * Percent of comparisons that the mismatch rate stays below, at 95 % confidence.
   * @default the alarm's `mismatchRatePercent`
   */
  readonly mismatchRatePercent?: number;
  /**
   * Percentage points by which V2's error rate may be above V1's.
   * @default 0.5
   */
  readonly errorRateExcessPercent?: number;
  /**
   * V2's p99 latency as a multiple of V1's.
   * @default 1.5
   */
  readonly latencyRatio?: number;
  /**
   * How much V2's p99 may be above V1's whatever the ratio.
   * @default Duration.millis(20)
   */
  readonly latencyAllowance?: Duration;
  /**
   * Percent of the comparisons that an open breaker may have kept from happening.
   * @default 1
   */
  readonly breakerSkipsPercent?: number;
  /**
   * How long the migration has to be in its mode before it goes on.
   * @default Duration.hours(1)
   */
  readonly timeInMode?: Duration;
  /**
   * How much of the present mode is looked at, the latest part of it, 1 minute to 14 days.
   * @default Duration.days(1)
   */
  readonly window?: Duration;
  /**
   * Within what time a repair pass has to have reported. Only with `dualWrites`.
   * @default Duration.minutes(15)
   */
  readonly repairReportWithin?: Duration;
}

/** The thresholds that the gate's function is told. */
export function thresholdsOf(
  props: GateProps = {},
  migration: { readonly mismatchRatePercent?: number; readonly dualWrites?: boolean },
): GateThresholds {
  const { latencyAllowance, timeInMode, window, repairReportWithin, ...rest } = props;
  return gateThresholds({
    ...rest,
    mismatchRatePercent: props.mismatchRatePercent ?? migration.mismatchRatePercent,
    latencyAllowanceMs: latencyAllowance?.toMilliseconds(),
    timeInModeMinutes: timeInMode?.toMinutes(),
    windowMinutes: window?.toMinutes(),
    repairReportMinutes: repairReportWithin?.toMinutes(),
    dualWrites: migration.dualWrites,
  });
}

/** Makes the gate's function, which reads the deployments and the metrics, and changes nothing. */
export function createGate(
  scope: Construct,
  options: {
    readonly migrationName: string;
    readonly application: IApplication;
    readonly environment: IEnvironment;
    readonly thresholds: GateThresholds;
  },
): Function {
  const { migrationName, application, environment, thresholds } = options;
  const stack = Stack.of(scope);
  const variable: GateEnvironment = {
    migration: migrationName,
    application: application.applicationId,
    environment: environment.environmentId,
    thresholds,
  };
  const fn = ownFunction(scope, "Gate", "mode-gate", {
    description: `Judges the mode documents of the migration ${migrationName}`,
    environment: { [GATE_VARIABLE]: stack.toJsonString(variable) },
  });
  const { applicationArn } = application;
  const permissions = lookPermissions({
    application: applicationArn,
    environment: `${applicationArn}/environment/${environment.environmentId}`,
    // Not the one profile: that has the function as its validator, and can't come before it.
    profile: `${applicationArn}/configurationprofile/*`,
  });
  for (const { actions, resourceArns: resources } of permissions) {
    fn.addToRolePolicy(new PolicyStatement({ actions, resources }));
    justifyWildcards(fn, resources, "It reads all there is of its own application, old ones too.");
  }
  // CloudWatch knows no resources for it.
  fn.addToRolePolicy(
    new PolicyStatement({ actions: ["cloudwatch:GetMetricData"], resources: ["*"] }),
  );
  justifyWildcards(fn, ["*"], "CloudWatch knows no resources for GetMetricData.");
  return fn;
}
