import type { MetricId } from "./metric-store.ts";
import { isUnit } from "./units.ts";

const MAX_METRICS = 100;
const MAX_DIMENSIONS = 30;
const MAX_VALUES = 100;

/** One metric of an EMF blob, in one of its dimension sets. */
export interface EmfMetric {
  readonly id: MetricId;
  readonly unit: string | undefined;
  readonly storageResolution: number;
  readonly values: readonly number[];
}

export interface EmfBlob {
  /** Epoch ms, wall time. */
  readonly timestamp: number;
  readonly metrics: readonly EmfMetric[];
}

/** What Lambda's runtime puts in front of a line of `console`'s: time, request id and level. */
const logPrefix = /^\d{4}-\S+Z\t\S+\t[A-Z]+\t/;

/**
 * The metrics of a line of output; `undefined` for a line that is no EMF. Which of AWS's ways of
 * being lenient apply is not verified: here one bad directive makes the whole blob malformed.
 *
 * @throws RangeError, with what is wrong, for malformed EMF
 */
export function parseEmf(line: string): EmfBlob | undefined {
  const trimmed = line.replace(logPrefix, "").trim();
  if (!trimmed.startsWith("{") || !trimmed.includes('"CloudWatchMetrics"')) return undefined;
  let blob: unknown;
  try {
    blob = JSON.parse(trimmed);
  } catch {
    throw new RangeError("not JSON");
  }
  const root = record(blob, "the blob");
  if (root["_aws"] === undefined) return undefined;
  const { Timestamp: timestamp, CloudWatchMetrics: directives } = record(root["_aws"], "_aws");
  if (typeof timestamp !== "number" || !(timestamp >= 0)) {
    throw new RangeError(`_aws.Timestamp: got ${JSON.stringify(timestamp)}, allowed is epoch ms`);
  }
  return {
    timestamp,
    metrics: array(directives, "_aws.CloudWatchMetrics").flatMap((directive) =>
      parseDirective(root, record(directive, "a directive")),
    ),
  };
}

function parseDirective(
  root: Readonly<Record<string, unknown>>,
  directive: Readonly<Record<string, unknown>>,
): EmfMetric[] {
  const namespace = directive.Namespace;
  if (typeof namespace !== "string" || namespace === "" || namespace.length > 1024) {
    throw new RangeError(`Namespace: got ${JSON.stringify(namespace)}`);
  }
  const sets = array(directive.Dimensions, "Dimensions").map((names) => dimensionSet(root, names));
  // No set at all is taken for the empty one; that AWS does so is not verified.
  if (sets.length === 0) sets.push({});
  const definitions = array(directive.Metrics, "Metrics");
  if (definitions.length > MAX_METRICS) {
    throw new RangeError(`Metrics: got ${definitions.length}, allowed are ${MAX_METRICS}`);
  }
  return definitions.flatMap((definition) => {
    const { Name: name, Unit: unit, StorageResolution = 60 } = record(definition, "a metric");
    if (typeof name !== "string" || name === "" || name.length > 1024) {
      throw new RangeError(`a metric's Name: got ${JSON.stringify(name)}`);
    }
    if (unit !== undefined && !isUnit(unit)) {
      throw new RangeError(`${name}: got unit ${JSON.stringify(unit)}`);
    }
    if (StorageResolution !== 1 && StorageResolution !== 60) {
      throw new RangeError(`${name}: StorageResolution is 1 or 60`);
    }
    const values = metricValues(root[name], name);
    return sets.map((dimensions) => ({
      id: { namespace, name, dimensions },
      unit,
      storageResolution: StorageResolution,
      values,
    }));
  });
}

function dimensionSet(
  root: Readonly<Record<string, unknown>>,
  names: unknown,
): Record<string, string> {
  const set: Record<string, string> = {};
  const keys = array(names, "a dimension set");
  if (keys.length > MAX_DIMENSIONS) {
    throw new RangeError(`a dimension set: got ${keys.length}, allowed are ${MAX_DIMENSIONS}`);
  }
  for (const key of keys) {
    const value = typeof key === "string" ? root[key] : undefined;
    if (typeof key !== "string" || typeof value !== "string" || value === "") {
      throw new RangeError(`dimension ${JSON.stringify(key)}: got ${JSON.stringify(value)}`);
    }
    set[key] = value;
  }
  return set;
}

function metricValues(target: unknown, name: string): number[] {
  const values: unknown[] = Array.isArray(target) ? target : [target];
  if (values.length > MAX_VALUES) {
    throw new RangeError(`${name}: got ${values.length} values, allowed are ${MAX_VALUES}`);
  }
  if (!values.every((value): value is number => typeof value === "number")) {
    throw new RangeError(`${name}: got ${JSON.stringify(target)}, allowed are numbers`);
  }
  return values;
}

function record(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new RangeError(`${what}: allowed is an object`);
  }
  return value as Readonly<Record<string, unknown>>;
}

function array(value: unknown, what: string): unknown[] {
  if (!Array.isArray(value)) throw new RangeError(`${what}: allowed is an array`);
  return value;
}
