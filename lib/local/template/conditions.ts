import { isDeepStrictEqual } from "node:util";
import { resolveValue, type Scope } from "./intrinsics.ts";
import { TemplateError, type Where } from "./template.ts";

/**
 * Evaluates the conditions of a template, each once and when it is first asked for. The returned
 * function throws a TemplateError for a condition that isn't there or that depends on itself.
 *
 * @param operands what `Ref` and the other intrinsics in a condition's operands give
 */
export function evaluateConditions(
  conditions: Readonly<Record<string, unknown>>,
  operands: Omit<Scope, "condition">,
  stackName: string,
): (name: string) => boolean {
  const results = new Map<string, boolean | "evaluating">();
  const condition = (name: string): boolean => {
    const known = results.get(name);
    if (typeof known === "boolean") return known;
    const where: Where = [stackName, "Conditions", name];
    if (!Object.hasOwn(conditions, name)) throw new TemplateError(where, "no such condition");
    if (known === "evaluating") throw new TemplateError(where, "depends on itself");
    results.set(name, "evaluating");
    const result = evaluate(conditions[name], where);
    results.set(name, result);
    return result;
  };
  const scope: Scope = { ...operands, condition };

  const evaluate = (value: unknown, where: Where): boolean => {
    const [[name, argument] = ["", undefined]] = Object.entries(Object(value));
    const inner: Where = [...where, name];
    const each = (values: unknown) =>
      (values as unknown[]).map((one, index) => evaluate(one, [...inner, String(index)]));
    switch (name) {
      case "Condition":
        return condition(String(argument));
      case "Fn::Equals": {
        const [left, right] = resolveValue(argument, scope, inner) as unknown[];
        return isDeepStrictEqual(left, right);
      }
      case "Fn::And":
        return each(argument).every(Boolean);
      case "Fn::Or":
        return each(argument).some(Boolean);
      case "Fn::Not":
        return !each(argument)[0];
      default:
        throw new TemplateError(where, `unknown condition ${name || JSON.stringify(value)}`);
    }
  };
  return condition;
}
