import type { Access } from "../access.ts";
import type { ServiceRequest } from "../service.ts";

/** The operations on a function, by method and the path's last part. */
const actions: Readonly<Record<string, string>> = {
  "POST invocations": "InvokeFunction",
  "GET configuration": "GetFunctionConfiguration",
  "PUT configuration": "UpdateFunctionConfiguration",
  "GET ": "GetFunction",
};

/** What a request to Lambda does to which function. */
export function lambdaAccesses(
  { method, path, query }: ServiceRequest,
  ids: { readonly region: string; readonly account: string },
): Access[] {
  const [, name, part = ""] =
    /^\/2015-03-31\/functions(?:\/([^/]+)(?:\/([a-z]+))?)?\/?$/.exec(decodeURIComponent(path)) ??
    [];
  if (name === undefined) return [{ action: "lambda:ListFunctions", resource: "*" }];
  const action = actions[`${method} ${part}`];
  if (action === undefined) return [];
  // By name, by ARN, or by account and name; the ARN that policies have is whole, with a qualifier
  // only where the request has one.
  const [function_, inName] = name
    .replace(/^(?:arn:aws:lambda:[^:]+:)?(?:\d+:function:)?/, "")
    .split(":");
  const qualifier = query.get("Qualifier") ?? inName;
  const suffix = qualifier === undefined ? "" : `:${qualifier}`;
  const resource = `arn:aws:lambda:${ids.region}:${ids.account}:function:${function_}${suffix}`;
  return [{ action: `lambda:${action}`, resource }];
}
