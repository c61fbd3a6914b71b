/** Metric math as a tree. `at` is where a name stands in the text, from 0, for error messages. */
export type MathNode =
  | { readonly kind: "number"; readonly value: number }
  | { readonly kind: "text"; readonly value: string }
  | { readonly kind: "id"; readonly name: string; readonly at: number }
  | { readonly kind: "negate"; readonly operand: MathNode }
  | {
      readonly kind: "binary";
      readonly operator: string;
      readonly left: MathNode;
      readonly right: MathNode;
    }
  | { readonly kind: "list"; readonly items: readonly MathNode[] }
  | {
      readonly kind: "call";
      readonly name: string;
      readonly args: readonly MathNode[];
      readonly at: number;
    };

/** What is wrong with an expression, and where. */
export class MathError extends Error {
  constructor(message: string, at?: number) {
    super(at === undefined ? message : `${message} at position ${at}`);
    this.name = "MathError";
  }
}

interface Token {
  readonly kind: "number" | "text" | "name" | "symbol" | "end";
  readonly text: string;
  readonly at: number;
}

const TOKEN =
  /\s*(?:(?<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|(?<name>[A-Za-z_][A-Za-z0-9_]*)|(?<text>"[^"]*"|'[^']*')|(?<symbol><=|>=|==|!=|&&|\|\||[-+*/^<>()[\],]))/y;

function tokenize(expression: string): Token[] {
  const tokens: Token[] = [];
  let position = 0;
  while (expression.slice(position).trim() !== "") {
    TOKEN.lastIndex = position;
    const match = TOKEN.exec(expression);
    if (match === null) {
      const at = position + expression.slice(position).search(/\S/);
      throw new MathError(`unexpected ${JSON.stringify(expression[at])}`, at);
    }
    position = TOKEN.lastIndex;
    const [kind, text] = Object.entries(match.groups!).find(([, value]) => value !== undefined)!;
    tokens.push({ kind: kind as Token["kind"], text, at: position - text.length });
  }
  return [...tokens, { kind: "end", text: "the end", at: expression.length }];
}

/** Loosest first; of one level, the left one binds first. */
const LEVELS: readonly (readonly string[])[] = [
  ["OR", "||"],
  ["AND", "&&"],
  ["<", "<=", ">", ">=", "==", "!="],
  ["+", "-"],
  ["*", "/"],
];

const SPELLINGS: Readonly<Record<string, string>> = { "||": "OR", "&&": "AND" };

/** @throws MathError naming what is wrong and its position */
export function parseMath(expression: string): MathNode {
  const tokens = tokenize(expression);
  let next = 0;
  const peek = () => tokens[next]!;
  const take = () => tokens[next++]!;
  const accept = (...texts: readonly string[]) =>
    peek().kind !== "text" && texts.includes(peek().text) ? take() : undefined;
  const expect = (text: string) => {
    if (accept(text) === undefined) {
      throw new MathError(`expected ${text}, got ${peek().text}`, peek().at);
    }
  };

  const binary = (level: number): MathNode => {
    const operators = LEVELS[level];
    if (operators === undefined) return unary();
    let left = binary(level + 1);
    for (let token = accept(...operators); token !== undefined; token = accept(...operators)) {
      const operator = SPELLINGS[token.text] ?? token.text;
      left = { kind: "binary", operator, left, right: binary(level + 1) };
    }
    return left;
  };
  const unary = (): MathNode =>
    accept("-") === undefined ? power() : { kind: "negate", operand: unary() };
  const power = (): MathNode => {
    const left = primary();
    if (accept("^") === undefined) return left;
    return { kind: "binary", operator: "^", left, right: unary() };
  };
  const primary = (): MathNode => {
    const token = take();
    if (token.kind === "number") return { kind: "number", value: Number(token.text) };
    if (token.kind === "text") return { kind: "text", value: token.text.slice(1, -1) };
    if (token.kind === "name") {
      if (accept("(") === undefined) return { kind: "id", name: token.text, at: token.at };
      return { kind: "call", name: token.text, args: sequence(")"), at: token.at };
    }
    if (token.text === "[") return { kind: "list", items: sequence("]") };
    if (token.kind !== "symbol" || token.text !== "(") {
      throw new MathError(`unexpected ${token.text}`, token.at);
    }
    const inner = binary(0);
    expect(")");
    return inner;
  };
  const sequence = (end: string): MathNode[] => {
    const items: MathNode[] = [];
    if (accept(end) !== undefined) return items;
    do items.push(binary(0));
    while (accept(",") !== undefined);
    expect(end);
    return items;
  };

  const tree = binary(0);
  if (peek().kind !== "end") throw new MathError(`unexpected ${peek().text}`, peek().at);
  return tree;
}

/** The ids that an expression names; FILL's REPEAT and LINEAR are words. */
export function idsOf(node: MathNode): string[] {
  if (node.kind === "id") return [node.name];
  if (node.kind === "negate") return idsOf(node.operand);
  if (node.kind === "binary") return [...idsOf(node.left), ...idsOf(node.right)];
  if (node.kind === "list") return node.items.flatMap(idsOf);
  if (node.kind !== "call") return [];
  return node.args.flatMap(idsOf).filter((name) => name !== "REPEAT" && name !== "LINEAR");
}
