import type { IncomingHttpHeaders } from "node:http";

/** A handler's second argument. */
export function invocationContext(
  headers: IncomingHttpHeaders,
  variables: Readonly<Record<string, string | undefined>>,
): Record<string, unknown> {
  const deadlineMs = Number(headers["lambda-runtime-deadline-ms"]);
  const clientContext = headers["lambda-runtime-client-context"];
  return {
    functionName: variables["AWS_LAMBDA_FUNCTION_NAME"],
    functionVersion: variables["AWS_LAMBDA_FUNCTION_VERSION"],
    invokedFunctionArn: headers["lambda-runtime-invoked-function-arn"],
    memoryLimitInMB: variables["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"],
    awsRequestId: headers["lambda-runtime-aws-request-id"],
    xRayTraceId: headers["lambda-runtime-trace-id"],
    logGroupName: variables["AWS_LAMBDA_LOG_GROUP_NAME"],
    logStreamName: variables["AWS_LAMBDA_LOG_STREAM_NAME"],
    ...(clientContext !== undefined && { clientContext: JSON.parse(String(clientContext)) }),
    getRemainingTimeInMillis: () => deadlineMs - Date.now(),
  };
}
