import { badRequest } from "./errors.ts";

/** An operation's input by member name: path labels, JSON body and bound headers together. */
export type Input = Readonly<Record<string, any>>;

/** @throws BadRequestException when it is not a text, or not within its limits */
export function text(
  input: Input,
  name: string,
  limits: { readonly min?: number; readonly max?: number; readonly pattern?: RegExp } = {},
): string {
  const value = optionalText(input, name, limits);
  if (value === undefined) throw badRequest(`${name}: required, got nothing`);
  return value;
}

export function optionalText(
  input: Input,
  name: string,
  limits: { readonly min?: number; readonly max?: number; readonly pattern?: RegExp } = {},
): string | undefined {
  const value: unknown = input[name];
  if (value === undefined || value === null) return undefined;
  const { min = 0, max = Infinity, pattern } = limits;
  if (typeof value !== "string") {
    throw badRequest(`${name}: got ${JSON.stringify(value)}, allowed is a string`);
  }
  if (value.length < min || value.length > max) {
    throw badRequest(
      `${name}: got ${value.length} characters, allowed are ${min} to ${max} characters`,
    );
  }
  if (pattern !== undefined && !pattern.test(value)) {
    throw badRequest(`${name}: got ${JSON.stringify(value)}, allowed is ${pattern.source}`);
  }
  return value;
}

/** A number, also as the text of a header, a query or a template. */
export function optionalNumber(
  input: Input,
  name: string,
  limits: { readonly min: number; readonly max: number; readonly integer?: boolean },
): number | undefined {
  const value: unknown = input[name];
  if (value === undefined || value === null) return undefined;
  const number =
    typeof value === "string" && value.trim() !== "" ? Number(value) : (value as number);
  if (
    typeof number !== "number" ||
    !(number >= limits.min && number <= limits.max) ||
    (limits.integer === true && !Number.isInteger(number))
  ) {
    const kind = limits.integer === true ? "an integer" : "a number";
    throw badRequest(
      `${name}: got ${JSON.stringify(value)}, allowed is ${kind} from ${limits.min} to ${limits.max}`,
    );
  }
  return number;
}

export function list(input: Input, name: string, max: number): readonly Input[] {
  const value: unknown = input[name];
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value) || value.length > max) {
    throw badRequest(`${name}: allowed is a list of at most ${max}`);
  }
  return value.map((each: unknown) => (typeof each === "object" && each !== null ? each : {}));
}

export function oneOf<T extends string>(
  input: Input,
  name: string,
  allowed: readonly T[],
): T | undefined {
  const value: unknown = input[name];
  if (value === undefined || value === null) return undefined;
  if (!allowed.includes(value as T)) {
    throw badRequest(`${name}: got ${JSON.stringify(value)}, allowed is ${allowed.join(" or ")}`);
  }
  return value as T;
}

/** Refuses members that AWS would act upon and the local cloud does not: never silently ignored. */
export function refuse(input: Input, ...names: readonly string[]): void {
  for (const name of names) {
    if (input[name] !== undefined && input[name] !== null) {
      throw badRequest(`${name} is not supported by the local cloud's AppConfig`);
    }
  }
}

/** One page of a list. The token is the offset, which is opaque to clients as AWS's is. */
export function page<T>(items: readonly T[], input: Input): { Items: T[]; NextToken?: string } {
  const size = optionalNumber(input, "MaxResults", { min: 1, max: 50, integer: true }) ?? 50;
  const token = optionalText(input, "NextToken");
  const start = token === undefined ? 0 : Number(token);
  if (!Number.isInteger(start) || start < 0) throw badRequest(`NextToken: got ${token}`);
  const end = start + size;
  return {
    Items: items.slice(start, end),
    ...(end < items.length && { NextToken: String(end) }),
  };
}

export const NAME = { min: 1, max: 64 } as const;
export const DESCRIPTION = { max: 1024 } as const;
