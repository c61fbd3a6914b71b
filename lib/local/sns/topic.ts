import { generatedName } from "../names.ts";
import { checkProperties } from "../properties.ts";
import type { ResourceSite } from "../service.ts";

export interface Subscription {
  readonly protocol: "lambda" | "email" | "email-json" | "https" | "http" | "sms";
  /** A function's ARN, an address, … */
  readonly endpoint: string;
  readonly arn: string;
}

/** A message as it was published. */
export interface Message {
  readonly id: string;
  readonly topicArn: string;
  readonly subject?: string;
  readonly message: string;
  readonly attributes: Readonly<Record<string, { readonly Type: string; readonly Value: string }>>;
  /** Epoch ms, cloud time. */
  readonly publishedAt: number;
}

export interface Topic {
  readonly name: string;
  readonly arn: string;
  readonly subscriptions: Subscription[];
  /** Oldest first. */
  readonly messages: Message[];
}

type Properties = Readonly<Record<string, any>>;

/** Reads `AWS::SNS::Topic`. @throws Error for what the local cloud doesn't do */
export function readTopic(properties: Properties, site: ResourceSite): Topic {
  const type = "AWS::SNS::Topic";
  checkProperties(type, properties, [
    "DisplayName",
    "FifoTopic",
    "Subscription",
    "TopicName",
    // Without local meaning.
    "KmsMasterKeyId",
    "SignatureVersion",
    "Tags",
    "TracingConfig",
  ]);
  if (properties["FifoTopic"] === true) throw new Error(`${type}: FifoTopic is not supported`);
  const name: string = properties["TopicName"] ?? generatedName(site);
  const arn = `arn:aws:sns:${site.region}:${site.account}:${name}`;
  const inline = (properties["Subscription"] ?? []) as readonly Properties[];
  const subscriptions = inline.map((subscription, index) =>
    readSubscription({ ...subscription, TopicArn: arn }, `${site.logicalId}-${index}`),
  );
  return { name, arn, subscriptions, messages: [] };
}

const PROTOCOLS: readonly string[] = ["lambda", "email", "email-json", "https", "http", "sms"];

/** Reads `AWS::SNS::Subscription`. @throws Error for what the local cloud doesn't do */
export function readSubscription(properties: Properties, id: string): Subscription {
  const type = "AWS::SNS::Subscription";
  checkProperties(type, properties, ["Endpoint", "Protocol", "Region", "TopicArn"]);
  const { Endpoint, Protocol, TopicArn } = properties;
  if (!PROTOCOLS.includes(Protocol)) {
    throw new Error(`${type}: Protocol: got ${Protocol}, allowed is ${PROTOCOLS.join(", ")}`);
  }
  if (typeof Endpoint !== "string") throw new Error(`${type}: Endpoint is required`);
  return { protocol: Protocol, endpoint: Endpoint, arn: `${TopicArn}:${id}` };
}
