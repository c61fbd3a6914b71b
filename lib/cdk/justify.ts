import { Stack, Validations } from "aws-cdk-lib";
import type { IConstruct } from "constructs";

/**
 * Says why a rule of cdk-nag's AwsSolutions doesn't hold here, so that whoever checks their app with it
 * finds each exception justified.
 */
export function justify(scope: IConstruct, rule: string, reason: string): void {
  Validations.of(scope).acknowledge({ id: `AwsSolutions-${rule}`, reason });
}

/** Says why a function's role has Lambda's managed policy. */
export function justifyLogPolicy(fn: IConstruct): void {
  const policy = "arn:<AWS::Partition>:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole";
  justify(fn, `IAM4[Policy::${policy}]`, "It lets the function write its log, and nothing else.");
}

/** Says why there are wildcards in the resources of a policy. Those without any are passed over. */
export function justifyWildcards(
  scope: IConstruct,
  resources: readonly string[],
  reason: string,
): void {
  for (const resource of resources) {
    const text = flatten(Stack.of(scope).resolve(resource));
    if (text.includes("*")) justify(scope, `IAM5[Resource::${text}]`, reason);
  }
}

/** An ARN as cdk-nag has it in a finding's id: `<Name>` for a reference. */
function flatten(resolved: any): string {
  if (typeof resolved === "string") return resolved;
  if ("Ref" in resolved) return `<${resolved.Ref}>`;
  if ("Fn::GetAtt" in resolved) return `<${resolved["Fn::GetAtt"].join(".")}>`;
  if (!("Fn::Join" in resolved)) return JSON.stringify(resolved);
  const [separator, parts] = resolved["Fn::Join"];
  return parts.map(flatten).join(separator);
}
