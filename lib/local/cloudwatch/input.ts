import { invalidValue, missingParameter } from "./errors.ts";

/** An operation's input, as JSON has it: timestamps are epoch seconds. */
export type Input = Readonly<Record<string, any>>;

const isAbsent = (value: unknown): value is undefined | null =>
  value === undefined || value === null;

export function text(input: Input, name: string, maxLength: number, pattern?: RegExp): string {
  const value = optionalText(input, name, maxLength, pattern);
  if (value === undefined || value === "") throw missingParameter(name);
  return value;
}

export function optionalText(
  input: Input,
  name: string,
  maxLength = Infinity,
  pattern?: RegExp,
): string | undefined {
  const value: unknown = input[name];
  if (isAbsent(value)) return undefined;
  if (typeof value !== "string" || value.length > maxLength) {
    throw invalidValue(`${name}: allowed is a string of at most ${maxLength} characters`);
  }
  if (pattern !== undefined && !pattern.test(value)) {
    throw invalidValue(`${name}: got ${JSON.stringify(value)}, allowed is ${pattern.source}`);
  }
  return value;
}

export function optionalNumber(
  input: Input,
  name: string,
  limits: { readonly min?: number; readonly max?: number; readonly integer?: boolean } = {},
): number | undefined {
  const value: unknown = input[name];
  if (isAbsent(value)) return undefined;
  const { min = -Infinity, max = Infinity, integer = false } = limits;
  if (
    typeof value !== "number" ||
    !Number.isFinite(value) ||
    value < min ||
    value > max ||
    (integer && !Number.isInteger(value))
  ) {
    const kind = integer ? "an integer" : "a number";
    throw invalidValue(`${name}: got ${JSON.stringify(value)}, allowed is ${kind}${range(limits)}`);
  }
  return value;
}

const range = ({ min, max }: { readonly min?: number; readonly max?: number }): string =>
  (min === undefined ? "" : ` from ${min}`) + (max === undefined ? "" : ` to ${max}`);

export function number(
  input: Input,
  name: string,
  limits?: { readonly min?: number; readonly max?: number; readonly integer?: boolean },
): number {
  const value = optionalNumber(input, name, limits);
  if (value === undefined) throw missingParameter(name);
  return value;
}

export function optionalBoolean(input: Input, name: string): boolean | undefined {
  const value: unknown = input[name];
  if (isAbsent(value)) return undefined;
  if (typeof value !== "boolean") {
    throw invalidValue(`${name}: got ${JSON.stringify(value)}, allowed is true or false`);
  }
  return value;
}

export function oneOf<T extends string>(
  input: Input,
  name: string,
  allowed: readonly T[],
): T | undefined {
  const value: unknown = input[name];
  if (isAbsent(value)) return undefined;
  if (!allowed.includes(value as T)) {
    throw invalidValue(
      `${name}: got ${JSON.stringify(value)}, allowed is one of ${allowed.join(", ")}`,
    );
  }
  return value as T;
}

export function list<T = Input>(input: Input, name: string, max: number): T[] {
  const value: unknown = input[name];
  if (isAbsent(value)) return [];
  if (!Array.isArray(value) || value.length > max) {
    throw invalidValue(`${name}: allowed is a list of at most ${max}`);
  }
  return value;
}

/** Epoch ms. On the wire it is epoch seconds. */
export const optionalTime = (input: Input, name: string): number | undefined => {
  const seconds = optionalNumber(input, name);
  return seconds === undefined ? undefined : Math.round(seconds * 1_000);
};

export function time(input: Input, name: string): number {
  const value = optionalTime(input, name);
  if (value === undefined) throw missingParameter(name);
  return value;
}

/** `[{ Name, Value }]` as a record. */
export function dimensions(input: Input, max = 30): Record<string, string> {
  const result: Record<string, string> = {};
  for (const dimension of list(input, "Dimensions", max)) {
    const name = text(dimension, "Name", 255);
    if (name in result) throw invalidValue(`Dimensions: ${name} is given twice`);
    result[name] = text(dimension, "Value", 1024);
  }
  return result;
}

/** Refuses members that AWS would act upon and the local cloud does not: never silently ignored. */
export function refuse(input: Input, ...names: readonly string[]): void {
  for (const name of names) {
    if (!isAbsent(input[name])) {
      throw invalidValue(`${name} is not supported by the local cloud's CloudWatch`);
    }
  }
}
