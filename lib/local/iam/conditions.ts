import { arnPattern, wildcard } from "./patterns.ts";

/** What is known of a request, by condition key in lower case. */
export type Context = ReadonlyMap<string, string>;

/** Whether a statement's conditions hold. */
export type Condition = (context: Context) => boolean;

interface Operator {
  matcher(expected: string): (actual: string) => boolean;
  /** It holds where none of the expected values matches, and where there is no value. */
  readonly negated: boolean;
}

const equals = (expected: string) => (actual: string) => actual === expected;
const equalsIgnoreCase = (expected: string) => (actual: string) =>
  actual.toLowerCase() === expected.toLowerCase();
const like = (expected: string) => {
  const pattern = wildcard(expected);
  return (actual: string) => pattern.test(actual);
};

const pair = (
  name: string,
  negatedName: string,
  matcher: Operator["matcher"],
): [string, Operator][] => [
  [name, { matcher, negated: false }],
  [negatedName, { matcher, negated: true }],
];

const operators: ReadonlyMap<string, Operator> = new Map<string, Operator>([
  ...pair("StringEquals", "StringNotEquals", equals),
  ...pair("StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", equalsIgnoreCase),
  ...pair("StringLike", "StringNotLike", like),
  // The two are one in AWS: ArnEquals knows wildcards too.
  ...pair("ArnEquals", "ArnNotEquals", arnPattern),
  ...pair("ArnLike", "ArnNotLike", arnPattern),
  ["Bool", { matcher: equalsIgnoreCase, negated: false }],
]);

/** The keys that requests have a value for here, unless it says nothing of theirs. */
const keys: ReadonlySet<string> = new Set(
  [
    "aws:PrincipalAccount",
    "aws:PrincipalArn",
    "aws:RequestedRegion",
    "aws:SecureTransport",
    "aws:SourceAccount",
    "aws:SourceArn",
    "cloudwatch:namespace",
  ].map((key) => key.toLowerCase()),
);

/** Keys of services that nobody can ask here, so that it never matters what they'd be. */
const unasked = /^(?:kms|logs|xray):/;

/**
 * Reads a statement's `Condition`.
 *
 * @throws Error for an operator or a key that the local cloud doesn't know: a condition passed over
 *   would allow what AWS refuses, or the other way round
 */
export function readConditions(block: Readonly<Record<string, unknown>> = {}): Condition {
  const conditions = Object.entries(block).flatMap(([operator, tests]) =>
    Object.entries(tests as Readonly<Record<string, unknown>>).map(([key, expected]) =>
      readCondition(operator, key, [expected].flat().map(String)),
    ),
  );
  return (context) => conditions.every((condition) => condition(context));
}

function readCondition(operatorName: string, key: string, expected: readonly string[]): Condition {
  const name = key.toLowerCase();
  if (!keys.has(name) && !unasked.test(name)) {
    throw new Error(`Condition: unknown key ${key}, known are ${[...keys].join(", ")}`);
  }
  if (expected.some((value) => value.includes("${"))) {
    throw new Error(`Condition: ${key}: policy variables are not supported: ${expected.join()}`);
  }
  if (operatorName === "Null") {
    return (context) => String(!context.has(name)) === expected[0];
  }
  // Every key has one value here, so the two quantifiers differ in what they say of none.
  const [, quantifier, base, ifExists] =
    /^(?:(ForAllValues|ForAnyValue):)?(\w+?)(IfExists)?$/.exec(operatorName) ?? [];
  const operator = operators.get(base ?? "");
  if (operator === undefined) {
    const known = [...operators.keys(), "Null"].join(", ");
    throw new Error(`Condition: unknown operator ${operatorName}, known are ${known}`);
  }
  const { negated } = operator;
  const withoutValue =
    quantifier === "ForAllValues" ||
    ifExists !== undefined ||
    (negated && quantifier === undefined);
  const matchers = expected.map((value) => operator.matcher(value));
  return (context) => {
    const actual = context.get(name);
    if (actual === undefined) return withoutValue;
    return matchers.some((matches) => matches(actual)) !== negated;
  };
}
