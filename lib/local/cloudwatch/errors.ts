import type { ServiceResponse } from "../service.ts";

/**
 * An answer of CloudWatch that is an error. CloudWatch was a query service: beside the shape's name
 * it says the code that query clients knew, in the header x-amzn-query-error.
 */
export class CloudWatchError extends Error {
  readonly status: number;
  readonly type: string;
  readonly queryCode: string;

  constructor(status: number, type: string, queryCode: string, message: string) {
    super(message);
    this.name = type;
    this.status = status;
    this.type = type;
    this.queryCode = queryCode;
  }
}

export const validationError = (message: string) =>
  new CloudWatchError(400, "ValidationException", "ValidationError", message);

export const invalidValue = (message: string) =>
  new CloudWatchError(400, "InvalidParameterValueException", "InvalidParameterValue", message);

export const invalidCombination = (message: string) =>
  new CloudWatchError(
    400,
    "InvalidParameterCombinationException",
    "InvalidParameterCombination",
    message,
  );

export const missingParameter = (name: string) =>
  new CloudWatchError(
    400,
    "MissingRequiredParameterException",
    "MissingParameter",
    `The parameter ${name} is required.`,
  );

export const alarmNotFound = (name: string) =>
  new CloudWatchError(404, "ResourceNotFound", "ResourceNotFound", `Unknown alarm: ${name}`);

export const dashboardNotFound = (name: string) =>
  new CloudWatchError(
    404,
    "DashboardNotFoundError",
    "ResourceNotFound",
    `Dashboard ${name} does not exist`,
  );

/** 501 is not an answer of AWS: it says that the local cloud, not the request, falls short. */
export const notInLocalCloud = (operation: string) =>
  new CloudWatchError(
    501,
    "NotImplementedException",
    "NotImplementedException",
    `CloudWatch ${operation} is not in the local cloud`,
  );

export function errorResponse(error: CloudWatchError): ServiceResponse {
  const fault = error.status < 500 ? "Sender" : "Receiver";
  return {
    status: error.status,
    headers: {
      "content-type": "application/x-amz-json-1.0",
      "x-amzn-query-error": `${error.queryCode};${fault}`,
    },
    body: JSON.stringify({
      __type: `com.amazonaws.cloudwatch#${error.type}`,
      // The shapes differ in how they spell it.
      message: error.message,
      Message: error.message,
    }),
  };
}
