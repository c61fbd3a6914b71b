import type { Access } from "../access.ts";
import type { ServiceRequest } from "../service.ts";

/**
 * What a request to DynamoDB does to which tables: a batch does it to each of its tables, and a
 * query of an index to the index.
 */
export function dynamoDbAccesses(
  { headers, body }: ServiceRequest,
  ids: { readonly region: string; readonly account: string },
): Access[] {
  const operation = String(headers["x-amz-target"]).split(".")[1] ?? "";
  const input = inputOf(body);
  const arnOf = (table: string) =>
    table.startsWith("arn:")
      ? table
      : `arn:aws:dynamodb:${ids.region}:${ids.account}:table/${table}`;
  const access = (resource: string): Access => ({ action: `dynamodb:${operation}`, resource });

  const tables = input["RequestItems"];
  if (typeof tables === "object" && tables !== null) {
    return Object.keys(tables).map((table) => access(arnOf(table)));
  }
  const table = input["TableName"] ?? input["ResourceArn"];
  // An operation on no table, or a request that has it forgotten.
  if (typeof table !== "string") return [access("*")];
  const index = input["IndexName"];
  return [access(typeof index === "string" ? `${arnOf(table)}/index/${index}` : arnOf(table))];
}

function inputOf(body: Buffer): Readonly<Record<string, unknown>> {
  try {
    const input: unknown = JSON.parse(body.toString());
    return typeof input === "object" && input !== null ? { ...input } : {};
  } catch {
    // Dynalite says what is wrong with it.
    return {};
  }
}
