import { checkProperties } from "../properties.ts";

/** Whether an event, or a value in it, is what a pattern asks for. */
export type Matcher = (value: unknown) => boolean;

type Fields = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const fieldOf = (event: Fields, name: string): unknown =>
  Object.hasOwn(event, name) ? event[name] : undefined;

/**
 * Reads an event pattern.
 *
 * @throws Error for what is no pattern, and for an operator that the local cloud doesn't know
 * @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html
 */
export function readPattern(pattern: unknown, where = "EventPattern"): Matcher {
  if (!isObject(pattern)) throw new Error(`${where}: got ${JSON.stringify(pattern)}`);
  const fields = Object.entries(pattern).map(([name, inner]): ((event: Fields) => boolean) => {
    const at = `${where}.${name}`;
    if (name === "$or") return readAlternatives(inner, at);
    if (!Array.isArray(inner)) {
      const matches = inArrays(readPattern(inner, at));
      return (event) => matches(fieldOf(event, name));
    }
    if (inner.length === 0) throw new Error(`${at}: an empty list matches nothing`);
    const values = inner.map((value: unknown) => readValue(value, at));
    return (event) => values.some((matches) => matches(fieldOf(event, name)));
  });
  return (event) => isObject(event) && fields.every((matches) => matches(event));
}

function readAlternatives(alternatives: unknown, where: string): Matcher {
  if (!Array.isArray(alternatives) || alternatives.length < 2) {
    throw new Error(`${where}: allowed is a list of two patterns or more`);
  }
  const matchers = alternatives.map((each: unknown) => readPattern(each, where));
  return (event) => matchers.some((matches) => matches(event));
}

/** Where an event has a list, one of its elements has to match. */
const inArrays =
  (matches: Matcher): Matcher =>
  (value) =>
    Array.isArray(value) ? value.some(matches) : matches(value);

const text =
  (test: (value: string) => boolean): Matcher =>
  (value) =>
    typeof value === "string" && test(value);

const operators: Readonly<Record<string, (operand: unknown, where: string) => Matcher>> = {
  prefix(operand, where) {
    if (isObject(operand)) {
      const folded = textOperand(operand["equals-ignore-case"], where).toLowerCase();
      return text((value) => value.toLowerCase().startsWith(folded));
    }
    const prefix = textOperand(operand, where);
    return text((value) => value.startsWith(prefix));
  },
  suffix(operand, where) {
    if (isObject(operand)) {
      const folded = textOperand(operand["equals-ignore-case"], where).toLowerCase();
      return text((value) => value.toLowerCase().endsWith(folded));
    }
    const suffix = textOperand(operand, where);
    return text((value) => value.endsWith(suffix));
  },
  "equals-ignore-case"(operand, where) {
    const folded = textOperand(operand, where).toLowerCase();
    return text((value) => value.toLowerCase() === folded);
  },
  wildcard(operand, where) {
    const parts = textOperand(operand, where).split("*");
    const source = parts.map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`));
    const regExp = new RegExp(`^${source.join(".*")}$`, "s");
    return text((value) => regExp.test(value));
  },
  "anything-but"(operand, where) {
    const matchers = [operand].flat().map((each) => readValue(each, where));
    return (value) =>
      value !== undefined && !isObject(value) && !matchers.some((matches) => matches(value));
  },
  numeric(operand, where) {
    const tests = comparisons(operand, where);
    return (value) => typeof value === "number" && tests.every((test) => test(value));
  },
};

/** One of a field's values: itself, or `{ operator: operand }`. */
function readValue(expected: unknown, where: string): Matcher {
  if (!isObject(expected)) {
    if (Array.isArray(expected)) throw new Error(`${where}: a list in a list`);
    return inArrays((value) => value === expected);
  }
  const [entry, ...more] = Object.entries(expected);
  if (entry === undefined) throw new Error(`${where}: got no operator`);
  if (more.length > 0) throw new Error(`${where}: got more than one operator`);
  const [name, operand] = entry;
  if (name === "exists") {
    if (typeof operand !== "boolean") throw new Error(`${where}: exists: allowed is a boolean`);
    // Of values, and not of the objects that they stand in.
    return (value) => (value !== undefined && !isObject(value)) === operand;
  }
  checkProperties(where, expected, Object.keys(operators));
  const matches = operators[name]!(operand, `${where}: ${name}`);
  return name === "anything-but" ? matches : inArrays(matches);
}

function textOperand(operand: unknown, where: string): string {
  if (typeof operand !== "string") {
    throw new Error(`${where}: got ${JSON.stringify(operand)}, allowed is a string`);
  }
  return operand;
}

const comparators: Readonly<Record<string, (left: number, right: number) => boolean>> = {
  "=": (left, right) => left === right,
  "<": (left, right) => left < right,
  "<=": (left, right) => left <= right,
  ">": (left, right) => left > right,
  ">=": (left, right) => left >= right,
};

/** `[">", 0, "<=", 5]`. */
function comparisons(operand: unknown, where: string): ((value: number) => boolean)[] {
  const given = Array.isArray(operand) ? operand : [];
  const tests: ((value: number) => boolean)[] = [];
  for (let index = 0; index < given.length; index += 2) {
    const compare = comparators[given[index]];
    const limit: unknown = given[index + 1];
    if (compare === undefined || typeof limit !== "number") tests.length = 0;
    if (compare === undefined || typeof limit !== "number") break;
    tests.push((value) => compare(value, limit));
  }
  if (tests.length === 0) {
    throw new Error(
      `${where}: got ${JSON.stringify(operand)}, allowed is such as [">", 0, "<", 5]`,
    );
  }
  return tests;
}
