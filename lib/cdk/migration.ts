import { Duration, RemovalPolicy, Stack } from "aws-cdk-lib";
import {
  Application,
  CfnDeployment,
  ConfigurationContent,
  DeploymentStrategy,
  Environment,
  HostedConfiguration,
  Monitor,
  RolloutStrategy,
} from "aws-cdk-lib/aws-appconfig";
import {
  Alarm,
  AlarmRule,
  AlarmState,
  ComparisonOperator,
  CompositeAlarm,
  MathExpression,
  TreatMissingData,
  type Metric,
} from "aws-cdk-lib/aws-cloudwatch";
import { AttributeType, BillingMode, Table } from "aws-cdk-lib/aws-dynamodb";
import { Rule, Schedule } from "aws-cdk-lib/aws-events";
import { LambdaFunction } from "aws-cdk-lib/aws-events-targets";
import { PolicyStatement } from "aws-cdk-lib/aws-iam";
import type { Function } from "aws-cdk-lib/aws-lambda";
import { Construct } from "constructs";
import { variableName, type FunctionEnvironment } from "../function-environment.ts";
import type { MetricName } from "../metrics/names.ts";
import { FIRST_DOCUMENT } from "../mode/mode-document.ts";
import { MODES, type Mode } from "../mode/mode.ts";
import { checkMigrationName } from "../migration-name.ts";
import { checkBoolean, checkNumber, checkOneOf, refuseRange } from "../options.ts";
import { PARTITION_KEY, SORT_KEY, TTL_ATTRIBUTE } from "../records/keys.ts";
import { agentLayer } from "./agent-layer.ts";
import { migrationMetric } from "./metrics.ts";

export interface MigrationProps {
  /** The migration's name, as `defineMigration` has it. */
  readonly migrationName: string;
  /**
   * The stage, which is the name of the AppConfig environment. Metrics go by the migration's name
   * alone, so two stages in one account and region need two names.
   * @default "prod"
   */
  readonly stage?: string;
  /**
   * The mode of a function that could not read a document since it started.
   * @default "old"
   */
  readonly defaultMode?: Mode;
  /**
   * The mismatch rate, in percent of the comparisons, above which the alarm goes off.
   * @default 1
   */
  readonly mismatchRatePercent?: number;
  /**
   * Comparisons in an alarm's period below which the rate says nothing.
   * @default 20
   */
  readonly minimumComparisons?: number;
  /**
   * The alarm's period.
   * @default Duration.minutes(1)
   */
  readonly alarmPeriod?: Duration;
  /**
   * How long a gradual rollout takes to reach every function, without the bake.
   * @default Duration.minutes(10)
   */
  readonly rolloutDuration?: Duration;
  /**
   * Percent of the functions that each step of a gradual rollout adds, 1 to 100.
   * @default 20
   */
  readonly rolloutStepPercent?: number;
  /**
   * How long AppConfig goes on watching the alarm after a gradual rollout has reached every function.
   * @default Duration.minutes(10)
   */
  readonly bakeTime?: Duration;
  /**
   * How often a function asks AppConfig for a new document, 15 seconds at least.
   * @default Duration.seconds(15)
   */
  readonly pollInterval?: Duration;
  /**
   * How long records are kept.
   * @default Duration.days(30)
   */
  readonly recordRetention?: Duration;
  /**
   * Whether the migration has dual writes: functions may then keep repair records too.
   * @default false
   */
  readonly dualWrites?: boolean;
  /**
   * What becomes of the table of records when the construct is removed.
   * @default RemovalPolicy.RETAIN
   */
  readonly removalPolicy?: RemovalPolicy;
}

/**
 * The cloud side of one migration: its mode document in AppConfig, the table of its records, and the
 * alarm on its mismatch rate, which rolls a rollout back.
 *
 * @example
 * const migration = new Migration(this, "CustomerIds", { migrationName: "customer-ids" });
 * migration.instrument(fn);
 */
export class Migration extends Construct {
  readonly migrationName: string;
  readonly application: Application;
  readonly environment: Environment;
  /** The profile that holds the mode documents. */
  readonly profile: HostedConfiguration;
  /** For rollouts that change who answers: step by step, watched by the alarm. */
  readonly gradualStrategy: DeploymentStrategy;
  /** For rollbacks, and for rollouts that change no caller's answer. */
  readonly immediateStrategy: DeploymentStrategy;
  /** Comparison records. */
  readonly table: Table;
  readonly mismatchRateAlarm: Alarm;
  /** In alarm when any of the migration's alarms is: what AppConfig watches during a rollout. */
  readonly unhealthyAlarm: CompositeAlarm;
  readonly #props: MigrationProps;

  constructor(scope: Construct, id: string, props: MigrationProps) {
    super(scope, id);
    checkProps(props);
    for (const other of Stack.of(this).node.findAll()) {
      if (other instanceof Migration && other.migrationName === props.migrationName) {
        refuseRange("migrationName", props.migrationName, "each name once in a stack");
      }
    }
    this.#props = props;
    this.migrationName = props.migrationName;
    this.table = new Table(this, "Records", {
      partitionKey: { name: PARTITION_KEY, type: AttributeType.STRING },
      sortKey: { name: SORT_KEY, type: AttributeType.STRING },
      timeToLiveAttribute: TTL_ATTRIBUTE,
      billingMode: BillingMode.PAY_PER_REQUEST,
      removalPolicy: props.removalPolicy ?? RemovalPolicy.RETAIN,
    });
    this.mismatchRateAlarm = this.#mismatchRateAlarm();
    // AppConfig rolls back on INSUFFICIENT_DATA as it does on ALARM, and that is the state of a new
    // alarm until its first evaluation. A composite asks for ALARM and nothing else.
    this.unhealthyAlarm = new CompositeAlarm(this, "Unhealthy", {
      alarmDescription: `The migration ${props.migrationName} is not well`,
      alarmRule: AlarmRule.anyOf(AlarmRule.fromAlarm(this.mismatchRateAlarm, AlarmState.ALARM)),
    });
    this.application = new Application(this, "Application", {
      applicationName: props.migrationName,
      description: `Mode of the migration ${props.migrationName}`,
    });
    this.environment = new Environment(this, "Environment", {
      application: this.application,
      environmentName: props.stage ?? "prod",
      monitors: [Monitor.fromCloudWatchAlarm(this.unhealthyAlarm)],
    });
    this.gradualStrategy = new DeploymentStrategy(this, "Gradual", {
      rolloutStrategy: RolloutStrategy.linear({
        growthFactor: props.rolloutStepPercent ?? 20,
        deploymentDuration: props.rolloutDuration ?? Duration.minutes(10),
        finalBakeTime: props.bakeTime ?? Duration.minutes(10),
      }),
    });
    this.immediateStrategy = new DeploymentStrategy(this, "Immediate", {
      rolloutStrategy: RolloutStrategy.linear({
        growthFactor: 100,
        deploymentDuration: Duration.minutes(0),
        finalBakeTime: Duration.minutes(0),
      }),
    });
    // The first document, and only ever the first. Every property of a CloudFormation deployment means
    // a new deployment when it changes, which would undo what operators have deployed since; so none
    // of them is open to props.
    this.profile = new HostedConfiguration(this, "Mode", {
      application: this.application,
      name: "mode",
      content: ConfigurationContent.fromInlineJson(JSON.stringify(FIRST_DOCUMENT)),
      deployTo: [this.environment],
      deploymentStrategy: this.immediateStrategy,
    });
    // A tag is such a property too, and tags such as the commit's id change with every deployment.
    for (const child of this.profile.node.findAll()) {
      if (child instanceof CfnDeployment) child.addPropertyDeletionOverride("Tags");
    }
  }

  /**
   * Gives a function what the `segue` middleware needs: environment variables, the AppConfig agent where
   * there is one for it, and leave to read the mode document and to write records.
   */
  instrument(fn: Function): void {
    this.#introduce(fn);
    this.table.grant(
      fn,
      "dynamodb:BatchWriteItem",
      ...(this.#props.dualWrites ? [...REPAIR_ACTIONS, "dynamodb:PutItem"] : []),
    );
  }

  /**
   * Runs a function whose handler is a `repairHandler` on a schedule, and gives it what that needs. What
   * the migration's versions need, it must be given beside that.
   *
   * @param options.every a minute at least. @default Duration.minutes(5)
   * @throws {RangeError} where the migration has no dual writes.
   */
  scheduleRepair(fn: Function, { every = Duration.minutes(5) }: { every?: Duration } = {}): Rule {
    if (!this.#props.dualWrites) refuseRange("dualWrites", this.#props.dualWrites, "true");
    checkDuration("every", every, Duration.days(1), Duration.minutes(1));
    this.#introduce(fn);
    this.table.grant(fn, ...REPAIR_ACTIONS);
    return new Rule(this, "Repair", {
      description: `Repairs what dual writes of ${this.migrationName} have left half done`,
      schedule: Schedule.rate(every),
      // The next one comes soon enough.
      targets: [new LambdaFunction(fn, { retryAttempts: 0 })],
    });
  }

  /** Tells a function of the migration, and lets it read the mode. */
  #introduce(fn: Function): void {
    const stack = Stack.of(this);
    const { applicationId } = this.application;
    const { environmentId } = this.environment;
    const profileId = this.profile.configurationProfileId;
    const agent = addAgent(fn, {
      path: `/applications/${applicationId}/environments/${environmentId}/configurations/${profileId}`,
      pollInterval: this.#props.pollInterval ?? Duration.seconds(15),
    });
    const variable: FunctionEnvironment = {
      application: applicationId,
      environment: environmentId,
      profile: profileId,
      agent,
      table: this.table.tableName,
      retentionDays: (this.#props.recordRetention ?? Duration.days(30)).toDays(),
      defaultMode: this.#props.defaultMode ?? "old",
    };
    fn.addEnvironment(variableName(this.migrationName), stack.toJsonString(variable));
    fn.addToRolePolicy(
      new PolicyStatement({
        actions: ["appconfig:StartConfigurationSession", "appconfig:GetLatestConfiguration"],
        resources: [
          stack.formatArn({
            service: "appconfig",
            resource: "application",
            resourceName: `${applicationId}/environment/${environmentId}/configuration/${profileId}`,
          }),
        ],
      }),
    );
  }

  /**
   * One of the runtime's metrics for this migration.
   *
   * @param period @default the alarm's period
   */
  metric(name: MetricName, period: Duration = this.#alarmPeriod): Metric {
    return migrationMetric(name, this.migrationName, period);
  }

  /** Disagreements in percent of comparisons, and 0 where there are too few to tell. */
  metricMismatchRate(): MathExpression {
    const minimum = this.#props.minimumComparisons ?? 20;
    return new MathExpression({
      expression: `IF(comparisons >= ${minimum}, 100 * disagreements / comparisons, 0)`,
      usingMetrics: {
        comparisons: this.metric("Comparisons"),
        disagreements: this.metric("Disagreements"),
      },
      label: "Mismatch rate (%)",
      period: this.#alarmPeriod,
    });
  }

  get #alarmPeriod(): Duration {
    return this.#props.alarmPeriod ?? Duration.minutes(1);
  }

  #mismatchRateAlarm(): Alarm {
    const threshold = this.#props.mismatchRatePercent ?? 1;
    return new Alarm(this, "MismatchRate", {
      alarmDescription: `V1 and V2 of ${this.migrationName} disagree in more than ${threshold} % of the comparisons`,
      metric: this.metricMismatchRate(),
      threshold,
      comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
      evaluationPeriods: 1,
      // No traffic, or old and new, where nothing is compared, is no reason to roll back.
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
  }
}

/** What keeping book of repairs takes, beside storing one. */
const REPAIR_ACTIONS = ["dynamodb:Query", "dynamodb:UpdateItem", "dynamodb:DeleteItem"];

// What Lambda, AppConfig and CloudWatch would refuse in the middle of a deployment is refused here.
function checkProps(props: MigrationProps): void {
  checkMigrationName("migrationName", props.migrationName);
  checkOneOf("defaultMode", props.defaultMode, MODES);
  checkBoolean("dualWrites", props.dualWrites);
  checkNumber("mismatchRatePercent", props.mismatchRatePercent, 0, 100);
  checkNumber("minimumComparisons", props.minimumComparisons, 1, Number.MAX_SAFE_INTEGER);
  checkNumber("rolloutStepPercent", props.rolloutStepPercent, 1, 100);
  checkDuration("rolloutDuration", props.rolloutDuration, MAX_ROLLOUT);
  checkDuration("recordRetention", props.recordRetention, Duration.days(3_650), Duration.days(1));
  checkDuration("bakeTime", props.bakeTime, MAX_ROLLOUT);
  checkDuration("pollInterval", props.pollInterval, Duration.days(1), Duration.seconds(15));
}

/** AppConfig's longest rollout, and its longest bake. */
const MAX_ROLLOUT = Duration.days(1);

function checkDuration(
  option: string,
  value: Duration | undefined,
  max: Duration,
  min = Duration.seconds(0),
): void {
  if (value === undefined || value.isUnresolved()) return;
  const ms = value.toMilliseconds();
  if (ms < min.toMilliseconds() || ms > max.toMilliseconds()) {
    refuseRange(option, value.toHumanString(), `${min.toHumanString()} to ${max.toHumanString()}`);
  }
}

/** What the agent beside each function is told; a function may take part in several migrations. */
const agents = new WeakMap<Function, { readonly paths: string[]; pollSeconds: number }>();

/** Puts the AppConfig agent beside a function. Returns whether there is one for it. */
function addAgent(fn: Function, options: { path: string; pollInterval: Duration }): boolean {
  let agent = agents.get(fn);
  if (agent === undefined) {
    const layer = agentLayer(fn);
    if (layer === undefined) return false;
    fn.addLayers(layer);
    agents.set(fn, (agent = { paths: [], pollSeconds: Infinity }));
  }
  agent.paths.push(options.path);
  // One agent serves them all, so it polls as often as the one that asks for most.
  agent.pollSeconds = Math.min(agent.pollSeconds, options.pollInterval.toSeconds());
  fn.addEnvironment("AWS_APPCONFIG_EXTENSION_PREFETCH_LIST", agent.paths.join(","));
  fn.addEnvironment("AWS_APPCONFIG_EXTENSION_POLL_INTERVAL_SECONDS", String(agent.pollSeconds));
  return true;
}
