import type { Access } from "../access.ts";
import type { ServiceRequest } from "../service.ts";

/** The actions by method and what of a function the path names. */
const actions: Readonly<Record<string, string>> = {
  "POST invocations": "InvokeFunction",
  "POST response-streaming-invocations": "InvokeFunction",
  "GET configuration": "GetFunctionConfiguration",
  "PUT configuration": "UpdateFunctionConfiguration",
  "GET function": "GetFunction",
  "GET functions": "ListFunctions",
};

/** What a request to Lambda does to which function. */
export function lambdaAccesses(
  { method, path, query }: ServiceRequest,
  ids: { readonly region: string; readonly account: string },
): Access[] {
  const [, functions, name, part = name === undefined ? functions : "function"] =
    /^\/[\d-]+\/(functions)(?:\/([^/]+)(?:\/([a-z-]+))?)?\/?$/.exec(decodeURIComponent(path)) ?? [];
  // An operation without a name here is allowed to nobody whose policies name operations.
  const action = `lambda:${actions[`${method} ${part}`] ?? "UnknownOperation"}`;
  if (name === undefined) return [{ action, resource: "*" }];
  // By name, by ARN, or by account and name; the ARN that policies have is whole, with a qualifier
  // only where the request has one.
  const [functionName, inName] = name
    .replace(/^(?:arn:aws:lambda:[^:]+:)?(?:\d+:function:)?/, "")
    .split(":");
  const qualifier = query.get("Qualifier") ?? inName;
  const suffix = qualifier === undefined ? "" : `:${qualifier}`;
  const resource = `arn:aws:lambda:${ids.region}:${ids.account}:function:${functionName}${suffix}`;
  return [{ action, resource }];
}
