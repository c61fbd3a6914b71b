import { SHARDS } from "../records/keys.ts";
import { plansOf, secondaryShare } from "./counted.ts";
import type { MigrationCosts } from "./cost-model.ts";
import { storingInvocations, total, type Part } from "./parts.ts";
import type { WholeTraffic } from "./traffic.ts";

const WRITE_UNIT_BYTES = 1_024;
const READ_UNIT_BYTES = 4_096;

/** What DynamoDB adds to each item that it stores, in bytes. */
const ITEM_OVERHEAD_BYTES = 100;

const GB = 1_000_000_000;

/** Records, and the book that is kept of dual writes. */
export function dynamoDbCosts(
  traffic: WholeTraffic,
  parts: readonly Part[],
  repairPasses: number,
): MigrationCosts["dynamoDb"] {
  const { document, invocations, hours, recordBytes, repairBytes, retentionDays } = traffic;
  const records = total("RecordsStored", traffic, parts);
  const failed = total("RepairsLeft", traffic, parts);
  const dualWrites = parts
    .filter(({ operation }) => operation.kind === "dual-write")
    .flatMap(({ operation }) =>
      plansOf(document, operation).map(
        ({ plan, share }) =>
          invocations * operation.calls * share * secondaryShare(document, operation, plan),
      ),
    )
    .reduce((sum, writes) => sum + writes, 0);
  const requests = {
    BatchWriteItem: invocations * storingInvocations(parts),
    PutItem: dualWrites,
    // Why it stays, and the repair pass's claim on it.
    UpdateItem: 2 * failed,
    // When it is done, by the function itself or by the repair pass.
    DeleteItem: dualWrites,
    // Each that is done, and each that the pass takes up, looks for others of its subject; the pass once
    // more for its claim.
    Query: dualWrites + 2 * failed + repairPasses * SHARDS,
  };
  const repairWrites = requests.PutItem + requests.UpdateItem + requests.DeleteItem;
  const hoursKept = retentionDays * 24;
  return {
    requests,
    writeUnits:
      records * Math.ceil(recordBytes / WRITE_UNIT_BYTES) +
      repairWrites * Math.ceil(repairBytes / WRITE_UNIT_BYTES),
    // A repair is found by its subject, itself; a Query that finds nothing is a unit all the same.
    readUnits:
      (dualWrites + 2 * failed) * Math.ceil(repairBytes / READ_UNIT_BYTES) + repairPasses * SHARDS,
    storageGb: (records * (recordBytes + ITEM_OVERHEAD_BYTES) * (hoursKept / hours)) / GB,
  };
}
