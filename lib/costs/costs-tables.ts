import { migrationCosts, type MigrationCosts } from "./cost-model.ts";
import type { MigrationTraffic } from "./traffic.ts";

/** A unit by which AWS bills, or that somebody feels. */
interface Unit {
  readonly name: string;
  of(costs: MigrationCosts): number;
  /** Dollars apiece: an example, of us-east-1's list prices as they were in early 2026. */
  readonly examplePrice?: number;
}

const MILLION = 1_000_000;

const UNITS: readonly Unit[] = [
  { name: "calls of V1", of: ({ calls }) => calls.v1 },
  { name: "calls of V2", of: ({ calls }) => calls.v2 },
  { name: "milliseconds that a caller waits", of: ({ lambda }) => lambda.callerWaitMs },
  {
    name: "Lambda GB-seconds (arm64)",
    of: ({ lambda }) => lambda.gbSeconds,
    examplePrice: 0.0000133334,
  },
  { name: "Lambda requests", of: ({ lambda }) => lambda.requests, examplePrice: 0.2 / MILLION },
  {
    name: "AppConfig configuration requests",
    of: ({ appConfig }) => appConfig.requests,
    examplePrice: 0.0000002,
  },
  {
    name: "AppConfig configurations received",
    of: ({ appConfig }) => appConfig.received,
    examplePrice: 0.0008,
  },
  {
    name: "DynamoDB write request units",
    of: ({ dynamoDb }) => dynamoDb.writeUnits,
    examplePrice: 0.625 / MILLION,
  },
  {
    name: "DynamoDB read request units",
    of: ({ dynamoDb }) => dynamoDb.readUnits,
    examplePrice: 0.125 / MILLION,
  },
  {
    name: "DynamoDB storage, GB-months",
    of: ({ dynamoDb }) => dynamoDb.storageGb,
    examplePrice: 0.25,
  },
  {
    name: "CloudWatch Logs ingested, GB",
    of: ({ logs }) => logs.bytes / 1e9,
    examplePrice: 0.5,
  },
  {
    name: "CloudWatch custom metrics",
    of: ({ cloudWatch }) => cloudWatch.metrics,
    examplePrice: 0.3,
  },
  {
    name: "CloudWatch alarm metrics",
    of: ({ cloudWatch }) => cloudWatch.alarmMetrics,
    examplePrice: 0.1,
  },
  {
    name: "CloudWatch composite alarms",
    of: ({ cloudWatch }) => cloudWatch.compositeAlarms,
    examplePrice: 0.5,
  },
  {
    name: "CloudWatch dashboards",
    of: ({ cloudWatch }) => cloudWatch.dashboards,
    examplePrice: 3,
  },
];

/** What the tables' migrations have in common, beside the defaults. */
const USUAL = { v1Ms: 20, v2Ms: 30 } as const;

const read = { kind: "read", mismatches: 0.001 } as const;
const dualWrite = { kind: "dual-write" } as const;
const shadowRead = (sample?: MigrationTraffic["document"]["sample"]): MigrationTraffic => ({
  ...USUAL,
  document: { mode: "shadow", ...(sample && { sample }) },
  operations: [read],
});

/** The scenarios of each table, by the heads of their columns. */
const TABLES = {
  modes: {
    old: { ...USUAL, document: { mode: "old" }, operations: [read] },
    shadow: shadowRead(),
    "reverse-shadow": { ...USUAL, document: { mode: "reverse-shadow" }, operations: [read] },
    new: { ...USUAL, document: { mode: "new" }, operations: [read] },
  },
  sampling: {
    "all of it": shadowRead(),
    "secondary 0.1": shadowRead({ secondary: 0.1 }),
    "matches 0.01": shadowRead({ matches: 0.01 }),
    "matches 1": shadowRead({ matches: 1 }),
    "calibrate 0.01": shadowRead({ calibrate: 0.01 }),
    "early response": { ...shadowRead(), response: "early" },
  },
  writes: {
    old: { ...USUAL, document: { mode: "old" }, operations: [dualWrite] },
    shadow: { ...USUAL, document: { mode: "shadow" }, operations: [dualWrite] },
    "shadow, V2 fails 1 %": {
      ...USUAL,
      document: { mode: "shadow" },
      operations: [{ ...dualWrite, secondaryErrors: 0.01 }],
    },
    "reverse-shadow": { ...USUAL, document: { mode: "reverse-shadow" }, operations: [dualWrite] },
  },
} as const satisfies Record<string, Record<string, MigrationTraffic>>;

const figures = new Intl.NumberFormat("en-US", { maximumSignificantDigits: 3 });
const dollars = new Intl.NumberFormat("en-US", {
  minimumFractionDigits: 2,
  maximumFractionDigits: 2,
});

function row(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [row(head), row(head.map((_, at) => (at === 0 ? "---" : "--:"))), ...rows.map(row)].join(
    "\n",
  );
}

function unitsTable(scenarios: Readonly<Record<string, MigrationTraffic>>): string {
  const costs = Object.values(scenarios).map(migrationCosts);
  const used = UNITS.filter((unit) => costs.some((one) => unit.of(one) > 0));
  return table(
    ["", ...Object.keys(scenarios)],
    used.map(({ name, of }) => [name, ...costs.map((one) => figures.format(of(one)))]),
  );
}

function pricesTable(traffic: MigrationTraffic): string {
  const costs = migrationCosts(traffic);
  const lines = UNITS.flatMap(({ name, of, examplePrice }) =>
    examplePrice === undefined ? [] : [{ name, units: of(costs), examplePrice }],
  );
  const sum = lines.reduce((total, { units, examplePrice }) => total + units * examplePrice, 0);
  return table(
    ["", "units", "$ a unit", "$"],
    [
      ...lines.map(({ name, units, examplePrice }) => [
        name,
        figures.format(units),
        figures.format(examplePrice),
        dollars.format(units * examplePrice),
      ]),
      ["together", "", "", dollars.format(sum)],
    ],
  );
}

/**
 * Puts the cost model's tables into a page, each between `<!-- costs: name -->` and `<!-- end -->`.
 *
 * @throws {RangeError} for a table that there is none of.
 */
export function withCostTables(page: string): string {
  const tables: Readonly<Record<string, string>> = {
    ...Object.fromEntries(Object.entries(TABLES).map(([name, one]) => [name, unitsTable(one)])),
    prices: pricesTable(TABLES.modes.shadow),
  };
  return page.replace(/(<!-- costs: (.*?) -->\n).*?(<!-- end -->)/gs, (_, start, name, end) => {
    const made = tables[name];
    if (made === undefined)
      throw new RangeError(`costs: got ${name}, allowed is ${Object.keys(tables).join(", ")}`);
    return `${start}\n${made}\n\n${end}`;
  });
}
