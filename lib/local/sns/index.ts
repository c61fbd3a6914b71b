import type { CloudClock } from "../clock.ts";
import type { ActingService, PolicyDocument } from "../iam/index.ts";
import { generatedName } from "../names.ts";
import { checkProperties } from "../properties.ts";
import { xmlAnswer, xmlError } from "../query-protocol.ts";
import type { ResourceMaker, ResourceSite, Service, ServiceRequest } from "../service.ts";
import { lambdaEvent, readMessage, SnsError } from "./publish.ts";
import {
  readSubscription,
  readTopic,
  type Message,
  type Subscription,
  type Topic,
} from "./topic.ts";

export type { Message, Subscription } from "./topic.ts";

/** SNS: topics, and what is published to them. */
export interface SnsService extends Service {
  /** What was published to a topic, oldest first. @throws Error for a topic that isn't there */
  messages(topicArn: string): readonly Message[];
  /** @throws Error for a topic that isn't there */
  subscriptions(topicArn: string): readonly Subscription[];
  /** Publishes for a service of the cloud. @throws Error for a topic that isn't there */
  publish(topicArn: string, message: { subject?: string; message: string }): void;
}

export interface SnsOptions {
  readonly clock: CloudClock;
  /** @throws Error where the function isn't there, or the topic may not invoke it */
  invokeFunction(topic: ActingService, functionArn: string, event: unknown): void;
  /** Adds to a topic's own policy. */
  addResourcePolicy(topicArn: string, document: PolicyDocument, site: ResourceSite): void;
}

const NAMESPACE = "http://sns.amazonaws.com/doc/2010-03-31/";

export function createSns(options: SnsOptions): SnsService {
  const topics = new Map<string, Topic>();

  const existing = (arn: string): Topic => {
    const topic = topics.get(arn);
    if (topic === undefined) throw new SnsError(404, "NotFound", "Topic does not exist");
    return topic;
  };

  /** Functions get it; addresses don't, here: who wants to see what they'd get reads `messages`. */
  const publish = (topic: Topic, message: Message) => {
    topic.messages.push(message);
    for (const { protocol, endpoint, arn } of topic.subscriptions) {
      if (protocol !== "lambda") continue;
      try {
        const actor = { service: "sns.amazonaws.com", sourceArn: topic.arn };
        options.invokeFunction(actor, endpoint, lambdaEvent(message, arn));
      } catch (error) {
        // Who published it hears nothing of it on AWS either.
        console.error(`local cloud: topic ${topic.name}: ${(error as Error).message}`);
      }
    }
  };

  const topicResource: ResourceMaker = (properties, site) => {
    const topic = readTopic(properties, site);
    topics.set(topic.arn, topic);
    return { ref: topic.arn, attributes: { TopicArn: topic.arn, TopicName: topic.name } };
  };
  const subscriptionResource: ResourceMaker = (properties, site) => {
    const subscription = readSubscription(properties, site.logicalId);
    existing(properties["TopicArn"]).subscriptions.push(subscription);
    return { ref: subscription.arn, attributes: { Arn: subscription.arn } };
  };
  const policyResource: ResourceMaker = (properties, site) => {
    checkProperties("AWS::SNS::TopicPolicy", properties, ["PolicyDocument", "Topics"]);
    for (const arn of properties["Topics"] as readonly string[]) {
      options.addResourcePolicy(existing(arn).arn, properties["PolicyDocument"], site);
    }
    return { ref: generatedName(site) };
  };

  return {
    signingName: "sns",
    resources: {
      "AWS::SNS::Topic": topicResource,
      "AWS::SNS::Subscription": subscriptionResource,
      "AWS::SNS::TopicPolicy": policyResource,
    },
    messages: (topicArn) => existing(topicArn).messages,
    subscriptions: (topicArn) => existing(topicArn).subscriptions,
    publish(topicArn, { subject, message }) {
      const form = new URLSearchParams({ Message: message, ...(subject && { Subject: subject }) });
      const topic = existing(topicArn);
      publish(topic, readMessage(form, topic, options.clock.now()));
    },
    accesses(request) {
      const form = formOf(request);
      if (form.get("Action") !== "Publish") return [];
      return [{ action: "SNS:Publish", resource: topicOf(form) }];
    },
    refuse: ({ type, message }) =>
      type === "AccessDeniedException"
        ? xmlError("AuthorizationError", message, 403)
        : xmlError("InvalidClientTokenId", message, 403),
    async handle(request) {
      const form = formOf(request);
      try {
        if (form.get("Action") !== "Publish") {
          const message = `the local cloud's SNS has no operation ${form.get("Action")}`;
          throw new SnsError(400, "InvalidAction", message);
        }
        const topic = existing(topicOf(form));
        const message = readMessage(form, topic, options.clock.now());
        publish(topic, message);
        return xmlAnswer(NAMESPACE, "Publish", { MessageId: message.id });
      } catch (error) {
        if (!(error instanceof SnsError)) throw error;
        return xmlError(error.code, error.message, error.status);
      }
    },
    async close() {},
  };
}

const formOf = ({ body }: ServiceRequest) => new URLSearchParams(body.toString());

const topicOf = (form: URLSearchParams): string =>
  form.get("TopicArn") ?? form.get("TargetArn") ?? "";
