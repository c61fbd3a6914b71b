/**
 * Values as JavaScript has them, written as JSON text. Plain JSON values look like themselves. What JSON
 * has no word for is an object with one key that begins with `$`, such as `{"$date":"2026-01-01T…"}`;
 * an object of the user's that has such a key is wrapped as `{"$object":{…}}`.
 */

const MAX_DEPTH = 100;
const MAX_NODES = 100_000;

class TooMuch extends Error {}

interface Budget {
  nodes: number;
  readonly open: Set<object>;
  /** Where the whole is cut: what one value has beyond that need not be written at all. */
  readonly maxBytes: number;
}

/**
 * Writes a value as text. Never throws: what can't be read becomes `{"$unreadable":"why"}`.
 *
 * @param maxBytes where the text is cut, in UTF-8 bytes.
 * @returns the text, and whether it was cut.
 */
export function encodeValue(value: unknown, maxBytes: number): { text: string; cut: boolean } {
  const budget: Budget = { nodes: 0, open: new Set(), maxBytes };
  let text: string;
  try {
    // Most values are JSON as they are, and to see that costs far less than to make them so.
    const json = isJson(value, 0, budget);
    budget.nodes = 0;
    text = JSON.stringify(json ? value : plain(value, 0, budget));
  } catch (error) {
    const why = error instanceof TooMuch ? error.message : "a value that can't be read";
    text = JSON.stringify({ $unreadable: why });
  }
  return cutText(text, maxBytes);
}

/** Cuts a text at `maxBytes` UTF-8 bytes, between characters. */
export function cutText(text: string, maxBytes: number): { text: string; cut: boolean } {
  if (text.length * 3 <= maxBytes || Buffer.byteLength(text) <= maxBytes) {
    return { text, cut: false };
  }
  let end = maxBytes;
  const bytes = Buffer.from(text.slice(0, maxBytes));
  end = Math.min(end, bytes.length);
  // A byte 10xxxxxx goes on with a character that began before it.
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end--;
  return { text: bytes.toString("utf8", 0, end), cut: true };
}

/** Whether JSON has a word for all of a value, so that it can be written as it is. */
function isJson(value: unknown, depth: number, budget: Budget): boolean {
  switch (typeof value) {
    case "string":
      return value.length <= budget.maxBytes;
    case "boolean":
      return true;
    case "number":
      return Number.isFinite(value) && !Object.is(value, -0);
    case "object":
      return value === null || isJsonObject(value, depth, budget);
    default:
      return false;
  }
}

function isJsonObject(value: object, depth: number, budget: Budget): boolean {
  // A cycle ends here too.
  if (++budget.nodes > MAX_NODES || depth > MAX_DEPTH || "toJSON" in value) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (Array.isArray(value)) {
    if (prototype !== Array.prototype || value.length > MAX_NODES) return false;
    // By index, since `every` passes over the holes of a sparse array.
    for (let at = 0; at < value.length; at++) {
      if (!isJson(value[at], depth + 1, budget)) return false;
    }
    return true;
  }
  if (prototype !== Object.prototype && prototype !== null) return false;
  for (const key of Object.keys(value)) {
    if (key.startsWith("$") || !isJson((value as any)[key], depth + 1, budget)) return false;
  }
  return true;
}

function plain(value: unknown, depth: number, budget: Budget): unknown {
  switch (typeof value) {
    case "string":
      return value.slice(0, budget.maxBytes + 1);
    case "boolean":
      return value;
    case "number":
      return Number.isFinite(value) && !Object.is(value, -0)
        ? value
        : { $number: Object.is(value, -0) ? "-0" : String(value) };
    case "bigint":
      return { $bigint: String(value) };
    case "undefined":
      return { $undefined: true };
    case "symbol":
      return { $symbol: value.description ?? "" };
    case "function":
      return { $function: true };
    case "object":
      return value === null ? null : nested(value, depth, budget);
  }
}

function nested(value: object, depth: number, budget: Budget): unknown {
  if (++budget.nodes > MAX_NODES) throw new TooMuch(`more than ${MAX_NODES} values`);
  if (depth > MAX_DEPTH) return { $unreadable: `more than ${MAX_DEPTH} levels` };
  if (budget.open.has(value)) return { $cycle: true };
  budget.open.add(value);
  const inner = (part: unknown) => plain(part, depth + 1, budget);
  const result = ArrayBuffer.isView(value)
    ? bytesOf(value, budget.maxBytes)
    : plainObject(value, inner);
  budget.open.delete(value);
  return result;
}

function plainObject(value: object, inner: (part: unknown) => unknown): unknown {
  // `Array.from` fills the holes of a sparse array, and its length may be hostile.
  if (Array.isArray(value)) {
    if (value.length > MAX_NODES) throw new TooMuch(`an array of ${value.length} elements`);
    return Array.from(value, inner);
  }
  if (value instanceof Date) {
    return { $date: Number.isNaN(value.getTime()) ? "invalid" : value.toISOString() };
  }
  if (value instanceof RegExp) return { $regexp: String(value) };
  if (value instanceof Map) {
    return { $map: Array.from(value, ([key, item]) => [inner(key), inner(item)]) };
  }
  if (value instanceof Set) return { $set: Array.from(value, inner) };
  if (value instanceof Error) {
    const { name, message, cause } = value;
    const known = { name, message, ...(cause !== undefined && { cause: inner(cause) }) };
    return { $error: { ...known, ...ownEntries(value, inner) } };
  }
  const entries = ownEntries(value, inner);
  return Object.keys(entries).some((key) => key.startsWith("$")) ? { $object: entries } : entries;
}

function bytesOf({ buffer, byteOffset, byteLength, constructor }: ArrayBufferView, max: number) {
  const bytes = Buffer.from(buffer, byteOffset, Math.min(byteLength, max));
  return { $bytes: bytes.toString("base64"), type: constructor.name };
}

function ownEntries(value: object, inner: (part: unknown) => unknown): Record<string, unknown> {
  const entries: Record<string, unknown> = Object.create(null);
  for (const key of Object.keys(value)) entries[key] = inner((value as any)[key]);
  return entries;
}
