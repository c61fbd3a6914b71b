import type { AlarmAction, CloudWatchService } from "./cloudwatch/index.ts";
import type { ActingService, IamService } from "./iam/index.ts";
import type { LambdaService, Outcome } from "./lambda/index.ts";
import type { SnsService } from "./sns/index.ts";

const APP_CONFIG = "appconfig.amazonaws.com";

/** What services do of their own accord, each as far as the templates' policies let it. */
export interface ServiceActions {
  /** Starts a function, and doesn't wait for it. @throws Error where it isn't there or may not be */
  startFunction(actor: ActingService, functionArn: string, event: unknown): void;
  /** A rule's delivery to a function or a topic. @throws Error where it isn't there or may not be */
  deliver(rule: ActingService, targetArn: string, input: unknown): void;
  /** An alarm's notification of a topic. What can't be is said on stderr: nobody else hears of it. */
  notify(action: AlarmAction): void;
  /** AppConfig's invocation of a validator. @throws Error where it isn't there or may not be */
  validate(functionArn: string, event: unknown): Promise<Outcome | "throttled">;
  /** That AppConfig sees a monitor's alarm in the monitor's role. @throws Error where it may not */
  checkMonitor(monitor: { readonly AlarmArn: string; readonly AlarmRoleArn?: string }): void;
}

/** @param services getters, as the services that act are made before those that they act on */
export function serviceActions(
  iam: IamService,
  services: {
    readonly cloudWatch: () => CloudWatchService;
    readonly lambda: () => LambdaService;
    readonly sns: () => SnsService;
  },
): ServiceActions {
  const assertInvokable = (actor: ActingService, functionArn: string) =>
    iam.assertServiceMay(actor, { action: "lambda:InvokeFunction", resource: functionArn });
  const assertPublishable = (actor: ActingService, topicArn: string) =>
    iam.assertServiceMay(actor, { action: "SNS:Publish", resource: topicArn });

  const startFunction: ServiceActions["startFunction"] = (actor, functionArn, event) => {
    assertInvokable(actor, functionArn);
    services.lambda().submit(functionArn, event);
  };

  return {
    startFunction,
    deliver(rule, targetArn, input) {
      if (!targetArn.startsWith("arn:aws:sns:")) return startFunction(rule, targetArn, input);
      assertPublishable(rule, targetArn);
      services.sns().publish(targetArn, { message: JSON.stringify(input) });
    },
    notify({ alarmArn, topicArn, subject, message }) {
      try {
        // A topic's policy takes the place of the one that every topic has at first, which lets in
        // the alarms of its account.
        if (iam.hasResourcePolicy(topicArn)) {
          const actor = { service: "cloudwatch.amazonaws.com", sourceArn: alarmArn };
          assertPublishable(actor, topicArn);
        }
        services.sns().publish(topicArn, { subject, message });
      } catch (error) {
        console.error(`local cloud: ${alarmArn}: ${(error as Error).message}`);
      }
    },
    async validate(functionArn, event) {
      assertInvokable({ service: APP_CONFIG }, functionArn);
      return services.lambda().invoke(functionArn, event);
    },
    checkMonitor({ AlarmArn, AlarmRoleArn: roleArn }) {
      // Without a role AppConfig sees what it likes, which is not verified.
      if (roleArn === undefined) return;
      iam.assertServiceMay(
        { service: APP_CONFIG, roleArn },
        services.cloudWatch().accessToAlarm(AlarmArn),
      );
    },
  };
}
