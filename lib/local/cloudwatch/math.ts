import { MathError } from "./math-parser.ts";
import type { MathNode } from "./math-parser.ts";
import { FUNCTIONS } from "./math-functions.ts";
import { binary, map } from "./series.ts";
import type { MathValue, Series } from "./series.ts";

/** What an expression is evaluated against. */
export interface MathScope {
  /** The series of an id. */
  series(id: string, at: number): Series;
  /** All metrics of the request, for METRICS(). */
  metrics(): readonly Series[];
  /** The starts of all periods asked for, in order: what FILL fills. */
  readonly timestamps: readonly number[];
}

/** @throws MathError for an unknown function, or for arguments that it can't take */
export function evaluateMath(node: MathNode, scope: MathScope): MathValue {
  const evaluate = (other: MathNode) => evaluateMath(other, scope);
  if (node.kind === "number") return node.value;
  if (node.kind === "text") throw new MathError(`unexpected text ${JSON.stringify(node.value)}`);
  if (node.kind === "id") return scope.series(node.name, node.at);
  if (node.kind === "negate") return map(evaluate(node.operand), (value) => -value);
  if (node.kind === "binary") {
    return binary(node.operator, evaluate(node.left), evaluate(node.right));
  }
  if (node.kind === "call") return functionOf(node)(node, evaluate, scope);
  return node.items.flatMap((item) => {
    const value = evaluate(item);
    if (typeof value === "number") throw new MathError("a list can hold time series only");
    return value;
  });
}

/** Checks, without data, that an expression's functions are known. */
export function checkMath(node: MathNode): void {
  if (node.kind === "negate") checkMath(node.operand);
  if (node.kind === "binary") [node.left, node.right].forEach(checkMath);
  if (node.kind === "list") node.items.forEach(checkMath);
  if (node.kind === "call") {
    functionOf(node);
    node.args.forEach(checkMath);
  }
}

function functionOf({ name, at }: Extract<MathNode, { kind: "call" }>) {
  const found = Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name] : undefined;
  if (found !== undefined) return found;
  const known = Object.keys(FUNCTIONS).join(", ");
  throw new MathError(`unknown function ${name} (the local cloud has ${known})`, at);
}
