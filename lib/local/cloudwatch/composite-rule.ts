import type { AlarmState } from "./alarm-evaluation.ts";
import { validationError } from "./errors.ts";

export type RuleNode =
  | { readonly kind: "constant"; readonly value: boolean }
  | { readonly kind: "state"; readonly state: AlarmState; readonly alarm: string }
  | { readonly kind: "not"; readonly operand: RuleNode }
  | { readonly kind: "and" | "or"; readonly left: RuleNode; readonly right: RuleNode };

const MAX_CHILDREN = 100;
const TOKEN = /\s*(?:(?<quoted>"[^"]*")|(?<word>[^\s()"]+)|(?<paren>[()]))/y;
const STATES: readonly string[] = ["OK", "ALARM", "INSUFFICIENT_DATA"];

/**
 * The rule of a composite alarm: ALARM(x), OK(x), INSUFFICIENT_DATA(x), TRUE, FALSE, AND, OR, NOT and
 * parentheses, where x is an alarm's name or ARN. NOT binds before AND, AND before OR; that AWS's AND
 * and OR do so too is not verified, so rules that need it had better have parentheses.
 *
 * @throws ValidationError with the position of what is wrong
 */
export function parseRule(rule: string): RuleNode {
  const tokens: { text: string; at: number }[] = [];
  TOKEN.lastIndex = 0;
  for (let match = TOKEN.exec(rule); match !== null; match = TOKEN.exec(rule)) {
    const text = match[0].trim();
    tokens.push({ text, at: TOKEN.lastIndex - text.length });
  }
  const last = tokens.at(-1);
  const read = last === undefined ? 0 : last.at + last.text.length;
  if (rule.slice(read).trim() !== "") throw ruleError("unexpected character", read);
  let next = 0;
  const accept = (text: string) => tokens[next]?.text === text && ++next > 0;
  const take = (): { text: string; at: number } => {
    const token = tokens[next++];
    if (token === undefined) throw ruleError("unexpected end", rule.length);
    return token;
  };
  const expect = (text: string) => {
    const token = take();
    if (token.text !== text) throw ruleError(`expected ${text}, got ${token.text}`, token.at);
  };

  const either = (): RuleNode => {
    let left = both();
    while (accept("OR")) left = { kind: "or", left, right: both() };
    return left;
  };
  const both = (): RuleNode => {
    let left = single();
    while (accept("AND")) left = { kind: "and", left, right: single() };
    return left;
  };
  const single = (): RuleNode => {
    const token = take();
    if (token.text === "NOT") return { kind: "not", operand: single() };
    if (token.text === "TRUE" || token.text === "FALSE") {
      return { kind: "constant", value: token.text === "TRUE" };
    }
    if (STATES.includes(token.text)) {
      expect("(");
      const alarm = take().text.replaceAll('"', "");
      expect(")");
      return { kind: "state", state: token.text as AlarmState, alarm };
    }
    if (token.text !== "(") throw ruleError(`unexpected ${token.text}`, token.at);
    const inner = either();
    expect(")");
    return inner;
  };

  const tree = either();
  const rest = tokens[next];
  if (rest !== undefined) throw ruleError(`unexpected ${rest.text}`, rest.at);
  const children = childrenOf(tree);
  if (children.length > MAX_CHILDREN) {
    throw validationError(
      `AlarmRule: got ${children.length} alarms, allowed are at most ${MAX_CHILDREN}`,
    );
  }
  return tree;
}

const ruleError = (what: string, at: number) =>
  validationError(`AlarmRule: ${what} at position ${at}`);

/** The alarms that a rule names, each once, as it names them. */
export function childrenOf(node: RuleNode): string[] {
  if (node.kind === "constant") return [];
  if (node.kind === "state") return [node.alarm];
  if (node.kind === "not") return childrenOf(node.operand);
  return [...new Set([...childrenOf(node.left), ...childrenOf(node.right)])];
}

export function evaluateRule(
  node: RuleNode,
  stateOf: (alarm: string) => AlarmState | undefined,
): boolean {
  if (node.kind === "constant") return node.value;
  if (node.kind === "state") return stateOf(node.alarm) === node.state;
  if (node.kind === "not") return !evaluateRule(node.operand, stateOf);
  const left = evaluateRule(node.left, stateOf);
  const right = evaluateRule(node.right, stateOf);
  return node.kind === "and" ? left && right : left || right;
}
