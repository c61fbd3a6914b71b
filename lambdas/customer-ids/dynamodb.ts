import { DynamoDBClient } from "@aws-sdk/client-dynamodb";

/** One client for both tables, so that they share its connections. */
export const dynamodb = new DynamoDBClient();

/** The value of an environment variable that the stack sets. */
export function variable(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set`);
  return value;
}
