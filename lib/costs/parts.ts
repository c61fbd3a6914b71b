import type { MetricName } from "../metrics/names.ts";
import { MAX_RECORDS_A_MINUTE } from "../records/record-cap.ts";
import { countedByCall, type Admitted, type Counted } from "./counted.ts";
import type { OperationTraffic, WholeTraffic } from "./traffic.ts";

/** An operation, and what one call of it counts. */
export interface Part {
  readonly operation: Required<OperationTraffic>;
  readonly counted: Counted;
}

/** The operations of a migration's traffic. */
export function partsOf(traffic: WholeTraffic): readonly Part[] {
  return traffic.operations.map((operation) => ({
    operation,
    counted: countedByCall(traffic.document, operation, admitted(traffic, operation)),
  }));
}

/** What the cap on records of one signature lets through. */
function admitted(traffic: WholeTraffic, operation: Required<OperationTraffic>): Admitted {
  const { document, invocations, environments, hours } = traffic;
  const all = countedByCall(document, operation, { disagreements: 1, noise: 1 });
  const cap = MAX_RECORDS_A_MINUTE * environments * hours * 60 * operation.signatures;
  const share = (name: MetricName) => {
    const found = invocations * operation.calls * (all.get(name) ?? 0);
    return found > cap ? cap / found : 1;
  };
  return { disagreements: share("Disagreements"), noise: share("NoisyCalibrations") };
}

/** How often something happens in an invocation that does so in a share of an operation's calls. */
export function happens(share: number, { calls }: Pick<Part["operation"], "calls">): number {
  return calls <= 1 ? calls * share : 1 - (1 - Math.min(1, share)) ** calls;
}

/** A metric's sum over all invocations. */
export function total(
  name: MetricName,
  { invocations }: WholeTraffic,
  parts: readonly Part[],
): number {
  return parts.reduce(
    (sum, { operation, counted }) => sum + invocations * operation.calls * (counted.get(name) ?? 0),
    0,
  );
}

/** The share of invocations that store a record. */
export function storingInvocations(parts: readonly Part[]): number {
  const storeNone = parts.map(
    ({ operation, counted }) => 1 - happens(counted.get("RecordsStored") ?? 0, operation),
  );
  return 1 - storeNone.reduce((product, share) => product * share, 1);
}
