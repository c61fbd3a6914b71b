import type { ServiceResponse } from "../service.ts";

/** An answer of AppConfig that is an error: a restJson1 error shape, by its name and members. */
export class AppConfigError extends Error {
  readonly status: number;
  readonly type: string;
  readonly members: Readonly<Record<string, unknown>>;

  constructor(
    status: number,
    type: string,
    message: string,
    members: Readonly<Record<string, unknown>> = {},
  ) {
    super(message);
    this.name = type;
    this.status = status;
    this.type = type;
    this.members = members;
  }
}

export const badRequest = (message: string, members?: Readonly<Record<string, unknown>>) =>
  new AppConfigError(400, "BadRequestException", message, members);

/** The data plane's 400, which names the parameter and what is wrong with it. */
export const invalidParameter = (
  name: string,
  problem: "Corrupted" | "Expired" | "PollIntervalNotSatisfied",
  message: string,
) =>
  badRequest(message, {
    Reason: "InvalidParameters",
    Details: { InvalidParameters: { [name]: { Problem: problem } } },
  });

/** `ResourceName` is the control plane's member, `ResourceType` the data plane's. */
export const notFound = (resourceType: string, id: string) =>
  new AppConfigError(404, "ResourceNotFoundException", `${resourceType} not found: ${id}`, {
    ResourceName: resourceType,
    ResourceType: resourceType,
  });

export const conflict = (message: string) => new AppConfigError(409, "ConflictException", message);

export const quotaExceeded = (message: string) =>
  new AppConfigError(402, "ServiceQuotaExceededException", message);

export const payloadTooLarge = (limitKilobytes: number, sizeKilobytes: number) =>
  new AppConfigError(
    413,
    "PayloadTooLargeException",
    `Configuration content: got ${sizeKilobytes} KB, allowed are ${limitKilobytes} KB`,
    { Measure: "KILOBYTES", Limit: limitKilobytes, Size: sizeKilobytes },
  );

/** 501 is not an answer of AWS: it says that the local cloud, not the request, falls short. */
export const notInLocalCloud = (what: string) =>
  new AppConfigError(501, "NotImplementedException", `AppConfig ${what} is not in the local cloud`);

export function errorResponse(error: {
  readonly status: number;
  readonly type: string;
  readonly message: string;
  readonly members?: Readonly<Record<string, unknown>>;
}): ServiceResponse {
  return {
    status: error.status,
    headers: { "content-type": "application/json", "x-amzn-errortype": error.type },
    body: JSON.stringify({ ...error.members, Message: error.message }),
  };
}
