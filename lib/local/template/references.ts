import { isKnownIntrinsic } from "./intrinsics.ts";
import { pseudoParameters } from "./pseudo-parameters.ts";
import { isIntrinsic, substitutions } from "./syntax.ts";
import { TemplateError, type Template, type Where } from "./template.ts";

/**
 * The logical ids of the resources that a value refers to, in any branch of an `Fn::If`.
 *
 * @throws TemplateError that says where, for an unknown intrinsic and for a reference to something
 *   that the template doesn't declare
 */
export function references(value: unknown, template: Template, where: Where): Set<string> {
  const found = new Set<string>();
  const { Parameters = {}, Resources = {}, Conditions = {} } = template;

  const resource = (name: string, at: Where) => {
    if (!Object.hasOwn(Resources, name)) throw new TemplateError(at, `no resource ${name}`);
    found.add(name);
  };
  const ref = (name: string, at: Where) => {
    if (Object.hasOwn(Parameters, name) || pseudoParameters.has(name)) return;
    if (!Object.hasOwn(Resources, name)) {
      throw new TemplateError(at, `no resource or parameter ${name}`);
    }
    found.add(name);
  };
  const intrinsic = (name: string, argument: unknown, at: Where) => {
    if (!isKnownIntrinsic(name)) throw new TemplateError(at, `unknown intrinsic ${name}`);
    if (name === "Ref") ref(String(argument), at);
    if (name === "Fn::GetAtt") {
      resource(Array.isArray(argument) ? String(argument[0]) : String(argument).split(".")[0]!, at);
    }
    if (name === "Fn::If" && !Object.hasOwn(Conditions, String((argument as unknown[])[0]))) {
      throw new TemplateError(at, `no condition ${String((argument as unknown[])[0])}`);
    }
    if (name === "Fn::Sub") {
      const [text, given] = (Array.isArray(argument) ? argument : [argument, {}]) as [
        string,
        object,
      ];
      for (const part of substitutions(text)) {
        if (part.kind === "text" || Object.hasOwn(given, part.name)) continue;
        const [logicalId, attribute] = part.name.split(".");
        if (attribute === undefined) ref(part.name, at);
        else resource(logicalId!, at);
      }
    }
  };
  const walk = (inner: unknown, at: Where): void => {
    if (typeof inner !== "object" || inner === null) return;
    const entries = Object.entries(inner);
    if (isIntrinsic(inner)) intrinsic(entries[0]![0], entries[0]![1], at);
    for (const [key, each] of entries) walk(each, [...at, key]);
  };
  walk(value, where);
  return found;
}
