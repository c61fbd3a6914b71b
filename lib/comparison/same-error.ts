/** Names that say nothing about a class that extends one of the language's errors. */
const LANGUAGE_NAMES = new Set([
  "AggregateError",
  "Error",
  "EvalError",
  "RangeError",
  "ReferenceError",
  "SyntaxError",
  "TypeError",
  "URIError",
]);

/**
 * Whether two errors are the same one: of a class of the same name, with the same `code`. Thrown
 * primitives are the same when they are equal. May throw what getters throw.
 */
export function sameError(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (!isObject(a) || !isObject(b)) return false;
  return className(a) === className(b) && Object.is(a["code"], b["code"]);
}

/** The error's own idea of its name, or its class's where that is only an inherited default. */
function className(error: Record<string, unknown>): unknown {
  const { name } = error;
  if (typeof name === "string" && name !== "" && !LANGUAGE_NAMES.has(name)) return name;
  const prototype: unknown = Object.getPrototypeOf(error);
  const ofClass = isObject(prototype) && (prototype["constructor"] as { name?: unknown })?.name;
  // A name that was set on the error itself means something, be it one of the language's.
  if (Object.hasOwn(error, "name")) return name;
  return typeof ofClass === "string" && ofClass !== "" ? ofClass : name;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return (typeof value === "object" && value !== null) || typeof value === "function";
}
