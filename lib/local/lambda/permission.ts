import type { PolicyDocument } from "../iam/index.ts";
import { checkProperties } from "../properties.ts";

type Properties = Readonly<Record<string, any>>;

/** `AWS::Lambda::Permission`, as the policy of the function that it is. */
export function permissionDocument(properties: Properties, functionArn: string): PolicyDocument {
  checkProperties("AWS::Lambda::Permission", properties, [
    "Action",
    "FunctionName",
    "Principal",
    "SourceAccount",
    "SourceArn",
  ]);
  const { Action, Principal, SourceAccount, SourceArn } = properties;
  const isService = String(Principal).endsWith(".amazonaws.com");
  return {
    Statement: {
      Effect: "Allow",
      Action,
      Principal: isService ? { Service: Principal } : { AWS: Principal },
      Resource: functionArn,
      Condition: {
        ...(SourceArn !== undefined && { ArnLike: { "aws:SourceArn": SourceArn } }),
        ...(SourceAccount !== undefined && {
          StringEquals: { "aws:SourceAccount": SourceAccount },
        }),
      },
    },
  };
}
