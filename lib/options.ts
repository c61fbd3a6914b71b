/**
 * Checks of what users pass in. Each throws a `TypeError` or `RangeError` that names the option, what
 * it got and what is allowed.
 */

const MAX_QUOTED_CHARACTERS = 60;

function quote(value: unknown): string {
  if (typeof value === "function") return `function ${value.name}`.trim();
  let text: string | undefined;
  try {
    // JSON has no word for a bigint, and only null for NaN.
    if (typeof value === "bigint") text = `${value}n`;
    else if (typeof value !== "number") text = JSON.stringify(value);
  } catch {
    text = undefined;
  }
  text ??= String(value);
  return text.length > MAX_QUOTED_CHARACTERS ? `${text.slice(0, MAX_QUOTED_CHARACTERS)}…` : text;
}

/** @throws {TypeError} always. */
export function refuseType(option: string, got: unknown, allowed: string): never {
  throw new TypeError(`${option}: got ${quote(got)}, allowed is ${allowed}`);
}

/** @throws {RangeError} always. */
export function refuseRange(option: string, got: unknown, allowed: string): never {
  throw new RangeError(`${option}: got ${quote(got)}, allowed is ${allowed}`);
}

export function checkObject(option: string, value: unknown, keys: readonly string[]): void {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    refuseType(option, value, "an object");
  }
  for (const [key, given] of Object.entries(value)) {
    if (given !== undefined && !keys.includes(key)) {
      refuseType(`${option}.${key}`, given, `no such option, but ${keys.join(", ")}`);
    }
  }
}

export function checkFunction(option: string, value: unknown): void {
  if (value !== undefined && typeof value !== "function") refuseType(option, value, "a function");
}

/** Checks an object of the user's own making for the methods that are asked of it. */
export function checkMethods(option: string, value: unknown, methods: readonly string[]): void {
  if (value === undefined) return;
  for (const method of methods) {
    if (typeof (value as any)?.[method] !== "function") {
      refuseType(option, value, `an object with a method ${method}`);
    }
  }
}

export function checkBoolean(option: string, value: unknown): void {
  if (value !== undefined && typeof value !== "boolean") {
    refuseType(option, value, "true or false");
  }
}

export function checkOneOf(option: string, value: unknown, allowed: readonly string[]): void {
  if (value !== undefined && !allowed.includes(value as string)) {
    refuseType(option, value, allowed.map((one) => `"${one}"`).join(" or "));
  }
}

/** Checks a number of milliseconds from `min` to `max`. */
export function checkMs(option: string, value: unknown, min: number, max: number): void {
  checkNumber(option, value, min, max, "a number of milliseconds");
}

/** Checks a number from `min` to `max`. */
export function checkNumber(
  option: string,
  value: unknown,
  min: number,
  max: number,
  what = "a number",
): void {
  if (value === undefined) return;
  const allowed = `${what} from ${min} to ${max}`;
  if (typeof value !== "number") refuseType(option, value, allowed);
  if (!(value >= min && value <= max)) refuseRange(option, value, allowed);
}
