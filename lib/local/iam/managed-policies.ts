import type { PolicyStatement } from "./statement.ts";

/**
 * AWS's own policies, by ARN. What functions log needs no leave here, and isn't asked for: the one
 * that CDK gives every function says nothing else.
 */
export const awsManagedPolicies: ReadonlyMap<string, readonly PolicyStatement[]> = new Map([
  [
    "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole",
    [
      {
        Effect: "Allow",
        Action: ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"],
        Resource: "*",
      },
    ],
  ],
]);
