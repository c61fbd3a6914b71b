import { isDeepStrictEqual } from "node:util";
import { generatedName } from "../names.ts";
import { checkProperties } from "../properties.ts";
import type { ResourceSite } from "../service.ts";

/** A table as the template has it, in the words of the API. */
export interface TableDefinition {
  readonly name: string;
  /** The input of CreateTable. */
  readonly input: Readonly<Record<string, unknown>>;
  /** The attribute whose time an item expires at, if there is one. */
  readonly timeToLiveAttribute?: string;
}

type Properties = Readonly<Record<string, any>>;

const keys = ["AttributeDefinitions", "KeySchema", "BillingMode", "TableName"];
const indexes = ["GlobalSecondaryIndexes", "LocalSecondaryIndexes"];

/** Backups, encryption, billing and the like: there is nothing of the kind here to differ. */
const withoutLocalMeaning = [
  "ContributorInsightsSpecification",
  "DeletionProtectionEnabled",
  "OnDemandThroughput",
  "PointInTimeRecoverySpecification",
  "SSESpecification",
  "TableClass",
  "Tags",
  "WarmThroughput",
];

/** Capacity is never enforced; the API wants a number where a table isn't on demand. */
const anyThroughput = { ReadCapacityUnits: 5, WriteCapacityUnits: 5 };

/** `AWS::DynamoDB::Table`. */
export function tableDefinition(properties: Properties, site: ResourceSite): TableDefinition {
  checkProperties("AWS::DynamoDB::Table", properties, [
    ...keys,
    ...indexes,
    "ProvisionedThroughput",
    "TimeToLiveSpecification",
    ...withoutLocalMeaning,
  ]);
  return definition(properties, site);
}

/** `AWS::DynamoDB::GlobalTable`, which is what CDK's `TableV2` makes, with its one replica. */
export function globalTableDefinition(properties: Properties, site: ResourceSite): TableDefinition {
  const type = "AWS::DynamoDB::GlobalTable";
  checkProperties(type, properties, [
    ...keys,
    ...indexes,
    "Replicas",
    "TimeToLiveSpecification",
    "ReadProvisionedThroughputSettings",
    "WriteProvisionedThroughputSettings",
    "ReadOnDemandThroughputSettings",
    "WriteOnDemandThroughputSettings",
    ...withoutLocalMeaning,
  ]);
  const replicas = (properties["Replicas"] ?? []) as readonly Properties[];
  if (replicas.length !== 1) {
    throw new Error(`${type}: Replicas: got ${replicas.length}, allowed is one`);
  }
  checkProperties(`${type}: Replicas`, replicas[0]!, [
    "Region",
    "GlobalSecondaryIndexes",
    "ReadProvisionedThroughputSettings",
    "ReadOnDemandThroughputSettings",
    ...withoutLocalMeaning,
  ]);
  return definition(properties, site);
}

function definition(properties: Properties, site: ResourceSite): TableDefinition {
  const name: string = properties["TableName"] ?? generatedName(site);
  const onDemand = properties["BillingMode"] === "PAY_PER_REQUEST";
  const throughput = (given: unknown) =>
    onDemand ? {} : { ProvisionedThroughput: given ?? anyThroughput };
  const input: Record<string, unknown> = {
    TableName: name,
    KeySchema: properties["KeySchema"],
    AttributeDefinitions: properties["AttributeDefinitions"],
    BillingMode: properties["BillingMode"] ?? "PROVISIONED",
    ...throughput(properties["ProvisionedThroughput"]),
  };
  for (const kind of indexes) {
    const given = properties[kind] as readonly Properties[] | undefined;
    if (given === undefined || given.length === 0) continue;
    input[kind] = given.map(({ IndexName, KeySchema, Projection, ProvisionedThroughput }) => ({
      IndexName,
      KeySchema,
      Projection,
      ...(kind === "GlobalSecondaryIndexes" ? throughput(ProvisionedThroughput) : {}),
    }));
  }
  const timeToLive = properties["TimeToLiveSpecification"] as Properties | undefined;
  return {
    name,
    input,
    ...(timeToLive?.["Enabled"] === true && { timeToLiveAttribute: timeToLive["AttributeName"] }),
  };
}

/**
 * What of a table that is there, as DescribeTable tells it, is another than the template's: its keys or its
 * indexes. All else either changes with the template or has no meaning here.
 */
export function changedPart(existing: Properties, { input }: TableDefinition): string | undefined {
  return ["KeySchema", ...indexes, "AttributeDefinitions"].find(
    (part) => !isDeepStrictEqual(comparable(existing[part]), comparable(input[part])),
  );
}

/** Lists in an order of their own, and only what a template says of an index. */
function comparable(list: unknown): unknown {
  const elements = ((list ?? []) as readonly Properties[]).map((element) =>
    "IndexName" in element
      ? {
          name: element["IndexName"],
          keys: comparable(element["KeySchema"]),
          projection: element["Projection"].ProjectionType,
          attributes: (element["Projection"].NonKeyAttributes ?? []).toSorted(),
        }
      : element,
  );
  const textOf = (element: unknown) => JSON.stringify(element, sortedKeys);
  return elements.map(textOf).toSorted();
}

const sortedKeys = (_key: string, value: unknown): unknown =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)))
    : value;
