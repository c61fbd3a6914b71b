import { Duration, Lazy, RemovalPolicy, Stack } from "aws-cdk-lib";
import {
  Application,
  CfnDeployment,
  ConfigurationContent,
  DeploymentStrategy,
  Environment,
  HostedConfiguration,
  JsonSchemaValidator,
  LambdaValidator,
  Monitor,
  RolloutStrategy,
  type IApplication,
} from "aws-cdk-lib/aws-appconfig";
import type { CompositeAlarm, Dashboard, MathExpression, Metric } from "aws-cdk-lib/aws-cloudwatch";
import { AttributeType, BillingMode, Table, type ITable } from "aws-cdk-lib/aws-dynamodb";
import { Rule, Schedule } from "aws-cdk-lib/aws-events";
import { LambdaFunction } from "aws-cdk-lib/aws-events-targets";
import { Grant, PolicyStatement, type IGrantable } from "aws-cdk-lib/aws-iam";
import type { IKey } from "aws-cdk-lib/aws-kms";
import type { Function } from "aws-cdk-lib/aws-lambda";
import type { ITopic } from "aws-cdk-lib/aws-sns";
import { Construct } from "constructs";
import { variableName, type FunctionEnvironment } from "../function-environment.ts";
import type { MetricName } from "../metrics/names.ts";
import { FIRST_DOCUMENT } from "../mode/mode-document.ts";
import { MODE_DOCUMENT_SCHEMA } from "../mode/mode-document-schema.ts";
import { MODES, type Mode } from "../mode/mode.ts";
import { checkMigrationName } from "../migration-name.ts";
import { checkBoolean, checkNumber, checkOneOf, refuseRange, refuseType } from "../options.ts";
import { PARTITION_KEY, SORT_KEY, TTL_ATTRIBUTE } from "../records/keys.ts";
import { agentLayer } from "./agent-layer.ts";
import {
  checkAlarmThresholds,
  createAlarms,
  type AlarmThresholds,
  type MigrationAlarms,
} from "./alarms.ts";
import { createDashboard } from "./dashboard.ts";
import { createGate, thresholdsOf, type GateProps } from "./gate.ts";
import { createGuard } from "./guard.ts";
import { justify, justifyWildcards } from "./justify.ts";
import { createPartsProfile } from "./parts-profile.ts";
import { migrationMetric, MigrationMetrics } from "./metrics.ts";
import { findPermissions, lookPermissions, movePermissions } from "./rollout-permissions.ts";

export interface MigrationProps extends AlarmThresholds {
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
   * Comparisons, or calls, in an alarm's period below which a rate says nothing.
   * @default 20
   */
  readonly minimumComparisons?: number;
  /**
   * The alarms' period.
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
  /**
   * A table of one's own for the records: with the keys `pk` and `sk`, both text, and `expiresAt` as its
   * time to live. Several migrations may share one.
   * @default a new one, on demand
   */
  readonly table?: ITable;
  /**
   * A key of one's own, with which the new table is encrypted.
   * @default the key that DynamoDB owns
   */
  readonly encryptionKey?: IKey;
  /**
   * An AppConfig application that is there already.
   * @default a new one, by the migration's name
   */
  readonly application?: IApplication;
  /**
   * What the gate asks for before a promotion.
   * @default as `GateProps` says
   */
  readonly gate?: GateProps;
  /**
   * Hears of what the guard did.
   * @default nobody does
   */
  readonly topic?: ITopic;
  /**
   * Where the runbook is: each alarm's description has a link into it, such as `#mismatchrate`.
   * @default no link
   */
  readonly runbookUrl?: string;
}

/**
 * The cloud side of one migration: its mode document in AppConfig, the gate that judges each document
 * before it is deployed, the table of its records, its alarms and its dashboard. AppConfig rolls a rollout
 * back when V2 is not well, and the guard does so ever after.
 *
 * @example
 * const migration = new Migration(this, "CustomerIds", { migrationName: "customer-ids" });
 * migration.instrument(fn);
 */
export class Migration extends Construct {
  readonly migrationName: string;
  readonly application: IApplication;
  readonly environment: Environment;
  /** The profile that holds the mode documents. */
  readonly profile: HostedConfiguration;
  /** For rollouts that change who answers: step by step, watched by the alarm. */
  readonly gradualStrategy: DeploymentStrategy;
  /** For rollbacks, and for rollouts that change no caller's answer. */
  readonly immediateStrategy: DeploymentStrategy;
  /** Comparison records, and repair records. */
  readonly table: ITable;
  readonly alarms: MigrationAlarms;
  /** In alarm when V2 is not well: what AppConfig watches during a rollout, and the guard ever after. */
  readonly unhealthyAlarm: CompositeAlarm;
  readonly dashboard: Dashboard;
  /** Judges each mode document before it is deployed. */
  readonly gate: Function;
  /** Takes a step back when `unhealthyAlarm` goes off. */
  readonly guard: Function;
  /** Tells the command `segue` where all of this is. */
  readonly #partsProfile: HostedConfiguration;
  #repair: Function | undefined;
  #operator: Function | undefined;
  readonly #props: MigrationProps;
  readonly #metrics: MigrationMetrics;

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
    this.table = props.table ?? this.#newTable();
    this.#metrics = new MigrationMetrics(
      props.migrationName,
      this.#alarmPeriod,
      props.minimumComparisons ?? 20,
    );
    this.alarms = createAlarms(this, {
      migrationName: props.migrationName,
      metrics: this.#metrics,
      thresholds: props,
      dualWrites: props.dualWrites ?? false,
      runbookUrl: props.runbookUrl,
    });
    this.unhealthyAlarm = this.alarms.unhealthy;
    this.application =
      props.application ??
      new Application(this, "Application", {
        applicationName: props.migrationName,
        description: `Mode of the migration ${props.migrationName}`,
      });
    this.environment = new Environment(this, "Environment", {
      application: this.application,
      environmentName: props.stage ?? "prod",
      monitors: [Monitor.fromCloudWatchAlarm(this.unhealthyAlarm)],
    });
    // Of the role that AppConfig sees the alarm with, which the CDK makes.
    justifyWildcards(this.environment, ["*"], "Composite alarms can't be granted one by one.");
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
    const thresholds = thresholdsOf(props.gate, props);
    this.gate = createGate(this, {
      migrationName: props.migrationName,
      application: this.application,
      environment: this.environment,
      thresholds,
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
      validators: [
        JsonSchemaValidator.fromInline(JSON.stringify(MODE_DOCUMENT_SCHEMA)),
        LambdaValidator.fromFunction(this.gate),
      ],
    });
    // A tag is such a property too, and tags such as the commit's id change with every deployment.
    for (const child of this.profile.node.findAll()) {
      if (!(child instanceof CfnDeployment)) continue;
      child.addPropertyDeletionOverride("Tags");
      // The gate judges this one too, so AppConfig has to be allowed to call it by then.
      child.node.addDependency(this.gate);
    }
    this.guard = createGuard(this, {
      migrationName: props.migrationName,
      application: this.application,
      environment: this.environment,
      profile: this.profile,
      immediateStrategy: this.immediateStrategy,
      unhealthy: this.unhealthyAlarm,
      mismatchRatePercent: props.mismatchRatePercent ?? 1,
      // For so long an alarm may still tell of the time before a step back.
      settle: Duration.seconds(2 * this.#alarmPeriod.toSeconds() + this.#pollInterval.toSeconds()),
      topic: props.topic,
    });
    this.dashboard = createDashboard(this, {
      migrationName: props.migrationName,
      stage: props.stage ?? "prod",
      metrics: this.#metrics,
      alarms: this.alarms,
      thresholds: props,
      runbookUrl: props.runbookUrl,
    });
    this.#partsProfile = createPartsProfile(this, this.application, {
      migration: props.migrationName,
      stage: props.stage ?? "prod",
      application: this.application.applicationId,
      environment: this.environment.environmentId,
      profile: this.profile.configurationProfileId,
      gradualStrategy: this.gradualStrategy.deploymentStrategyId,
      immediateStrategy: this.immediateStrategy.deploymentStrategyId,
      gate: this.gate.functionName,
      thresholds,
      table: this.table.tableName,
      alarms: Object.fromEntries(
        Object.entries(this.alarms).flatMap(([name, alarm]) =>
          alarm === undefined ? [] : [[name, alarm.alarmName]],
        ),
      ),
      // It may be scheduled later on.
      repair: Lazy.string({ produce: () => this.#repair?.functionName ?? "" }),
      operator: Lazy.string({ produce: () => this.#operator?.functionName ?? "" }),
    });
  }

  #newTable(): Table {
    const { encryptionKey, removalPolicy } = this.#props;
    const table = new Table(this, "Records", {
      partitionKey: { name: PARTITION_KEY, type: AttributeType.STRING },
      sortKey: { name: SORT_KEY, type: AttributeType.STRING },
      timeToLiveAttribute: TTL_ATTRIBUTE,
      billingMode: BillingMode.PAY_PER_REQUEST,
      removalPolicy: removalPolicy ?? RemovalPolicy.RETAIN,
      encryptionKey,
    });
    const reason =
      "Records expire, and a repair that came back from a backup would do again what was done since.";
    justify(table, "DDB3", reason);
    return table;
  }

  /**
   * Gives a function what the `segue` middleware needs: environment variables, the AppConfig agent where
   * there is one for it, and leave to read the mode document and to write records.
   */
  instrument(fn: Function): void {
    this.#introduce(fn);
    this.#grantTable(
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
    this.#grantTable(fn, ...REPAIR_ACTIONS);
    this.#repair = fn;
    return new Rule(this, "Repair", {
      description: `Repairs what dual writes of ${this.migrationName} have left half done`,
      schedule: Schedule.rate(every),
      // The next one comes soon enough.
      targets: [new LambdaFunction(fn, { retryAttempts: 0 })],
    });
  }

  /**
   * Has the command `segue` use a function whose handler is an `operatorHandler`: to replay calls, and to
   * settle repairs one by one. Gives it what that needs; what the migration's versions need, it must be
   * given beside that. Who runs the command needs `fn.grantInvoke(grantee)`, and `grantReadRecords`.
   */
  operate(fn: Function): void {
    // Nothing but writes goes by the mode.
    if (this.#props.dualWrites) {
      this.#introduce(fn);
      this.#grantTable(fn, ...REPAIR_ACTIONS, "dynamodb:PutItem", "dynamodb:GetItem");
    } else {
      this.#tell(fn, false);
      this.#grantTable(fn, "dynamodb:GetItem");
    }
    this.#operator = fn;
  }

  /** Tells a function of the migration, and lets it read the mode. */
  #introduce(fn: Function): void {
    const stack = Stack.of(this);
    const { applicationId } = this.application;
    const { environmentId } = this.environment;
    const profileId = this.profile.configurationProfileId;
    const agent = addAgent(fn, {
      path: `/applications/${applicationId}/environments/${environmentId}/configurations/${profileId}`,
      pollInterval: this.#pollInterval,
    });
    this.#tell(fn, agent);
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

  /** @param agent whether the AppConfig agent runs beside the function. */
  #tell(fn: Function, agent: boolean): void {
    const variable: FunctionEnvironment = {
      application: this.application.applicationId,
      environment: this.environment.environmentId,
      profile: this.profile.configurationProfileId,
      agent,
      table: this.table.tableName,
      retentionDays: (this.#props.recordRetention ?? Duration.days(30)).toDays(),
      defaultMode: this.#props.defaultMode ?? "old",
    };
    fn.addEnvironment(variableName(this.migrationName), Stack.of(this).toJsonString(variable));
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
    return this.#metrics.mismatchRate();
  }

  /** Percentage points by which V2's error rate is above V1's, and 0 where there are too few calls. */
  metricV2ErrorRateExcess(): MathExpression {
    return this.#metrics.v2ErrorRateExcess();
  }

  /** Calls that V1 answered for a failing V2, in percent of V2's calls. */
  metricFallbackRate(): MathExpression {
    return this.#metrics.fallbackRate();
  }

  /** Leave to read the records, as who looks into mismatches needs it. */
  grantReadRecords(grantee: IGrantable): Grant {
    return this.#grantTable(grantee, "dynamodb:Query");
  }

  /**
   * Leave to run `segue`: to look at the rollout, to promote and to roll back; the gate judges what they
   * deploy. To look into the records takes `grantReadRecords` beside it; `segue replay` and
   * `segue repair --id` take `lambda:InvokeFunction` on the function of {@link operate}, and
   * `segue repair --run` on the one of {@link scheduleRepair}: `fn.grantInvoke(grantee)`.
   */
  grantOperate(grantee: IGrantable): Grant {
    const { applicationArn } = this.application;
    const arns = {
      application: applicationArn,
      environment: `${applicationArn}/environment/${this.environment.environmentId}`,
      profile: this.profile.configurationProfileArn,
    };
    const strategies = [this.gradualStrategy, this.immediateStrategy];
    return [
      ...findPermissions(applicationArn, this.#partsProfile.configurationProfileArn),
      ...lookPermissions(arns),
      { actions: ["lambda:InvokeFunction"], resourceArns: [this.gate.functionArn] },
      ...movePermissions(
        arns,
        strategies.map(({ deploymentStrategyArn }) => deploymentStrategyArn),
      ),
    ]
      .map((permission) => Grant.addToPrincipal({ grantee, ...permission }))
      .reduce((all, grant) => all.combine(grant));
  }

  /** What a table's own key asks for comes along. */
  #grantTable(grantee: IGrantable, ...actions: string[]): Grant {
    this.table.encryptionKey?.grantEncryptDecrypt(grantee);
    return this.table.grant(grantee, ...actions);
  }

  get #alarmPeriod(): Duration {
    return this.#props.alarmPeriod ?? Duration.minutes(1);
  }

  get #pollInterval(): Duration {
    return this.#props.pollInterval ?? Duration.seconds(15);
  }
}

/** What keeping book of repairs takes, beside storing one. */
const REPAIR_ACTIONS = ["dynamodb:Query", "dynamodb:UpdateItem", "dynamodb:DeleteItem"];

// What Lambda, AppConfig and CloudWatch would refuse in the middle of a deployment is refused here.
function checkProps(props: MigrationProps): void {
  checkMigrationName("migrationName", props.migrationName);
  checkOneOf("defaultMode", props.defaultMode, MODES);
  checkBoolean("dualWrites", props.dualWrites);
  checkAlarmThresholds(props);
  checkNumber("minimumComparisons", props.minimumComparisons, 1, Number.MAX_SAFE_INTEGER);
  checkNumber("rolloutStepPercent", props.rolloutStepPercent, 1, 100);
  checkDuration("rolloutDuration", props.rolloutDuration, MAX_ROLLOUT);
  checkDuration("recordRetention", props.recordRetention, Duration.days(3_650), Duration.days(1));
  checkDuration("bakeTime", props.bakeTime, MAX_ROLLOUT);
  if (props.table !== undefined && props.encryptionKey !== undefined) {
    refuseType(
      "encryptionKey",
      props.encryptionKey.keyArn,
      "none where the table is given: it has its own",
    );
  }
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
