import type { Refusal } from "./access.ts";
import type { ServiceResponse } from "./service.ts";

/** A refusal as the services that speak awsJson say it. */
export const refuseInAwsJson = ({ type, message }: Refusal): ServiceResponse => ({
  status: 400,
  headers: { "content-type": "application/x-amz-json-1.0" },
  // The services differ in how they spell the message.
  body: JSON.stringify({
    __type: `com.amazon.coral.service#${type}`,
    message,
    Message: message,
  }),
});

/** A refusal as the services that speak restJson1 say it. */
export const refuseInRestJson = ({ type, message }: Refusal): ServiceResponse => ({
  status: 403,
  headers: { "content-type": "application/json", "x-amzn-errortype": type },
  body: JSON.stringify({ message, Message: message }),
});
