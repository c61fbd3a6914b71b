import { randomUUID } from "node:crypto";
import type { Message, Topic } from "./topic.ts";

/** An answer of SNS that is an error, with the code that the query protocol has for it. */
export class SnsError extends Error {
  override readonly name = "SnsError";
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

const invalid = (message: string) =>
  new SnsError(400, "InvalidParameter", `Invalid parameter: ${message}`);

const MAX_BYTES = 256 * 1024;

/** The message that Publish's parameters are. @throws SnsError */
export function readMessage(form: URLSearchParams, topic: Topic, nowMs: number): Message {
  for (const name of ["MessageStructure", "MessageGroupId", "MessageDeduplicationId"]) {
    if (form.has(name)) throw invalid(`${name}: not supported by the local cloud's SNS`);
  }
  const message = form.get("Message") ?? "";
  if (message === "") throw invalid("Empty message");
  if (Buffer.byteLength(message) > MAX_BYTES) throw invalid("Message too long");
  const subject = form.get("Subject") ?? undefined;
  if (subject !== undefined && !/^[\x20-\x7e]{1,100}$/.test(subject)) throw invalid("Subject");
  return {
    id: randomUUID(),
    topicArn: topic.arn,
    ...(subject !== undefined && { subject }),
    message,
    attributes: readAttributes(form),
    publishedAt: nowMs,
  };
}

/** `MessageAttributes.entry.1.Name`, `.Value.DataType` and `.Value.StringValue`, and so on. */
function readAttributes(form: URLSearchParams): Message["attributes"] {
  const attributes: Record<string, { Type: string; Value: string }> = {};
  for (let index = 1; form.has(`MessageAttributes.entry.${index}.Name`); index++) {
    const part = (name: string) => form.get(`MessageAttributes.entry.${index}.${name}`);
    attributes[part("Name")!] = {
      Type: part("Value.DataType") ?? "String",
      Value: part("Value.StringValue") ?? part("Value.BinaryValue") ?? "",
    };
  }
  return attributes;
}

/** What a function that is subscribed gets for a message. */
export function lambdaEvent(message: Message, subscriptionArn: string): object {
  return {
    Records: [
      {
        EventSource: "aws:sns",
        EventVersion: "1.0",
        EventSubscriptionArn: subscriptionArn,
        Sns: {
          Type: "Notification",
          MessageId: message.id,
          TopicArn: message.topicArn,
          Subject: message.subject ?? null,
          Message: message.message,
          Timestamp: new Date(message.publishedAt).toISOString(),
          SignatureVersion: "1",
          // Nobody signs here.
          Signature: "",
          SigningCertUrl: "",
          UnsubscribeUrl: "",
          MessageAttributes: message.attributes,
        },
      },
    ],
  };
}
