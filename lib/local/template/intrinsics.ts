import { isIntrinsic, substitutions } from "./syntax.ts";
import { TemplateError, type Where } from "./template.ts";

/** What the names in a template stand for. Each function throws an Error for a name it can't give. */
export interface Scope {
  /** A parameter, a pseudo parameter or a resource. */
  ref(name: string): unknown;
  attribute(logicalId: string, attribute: string): unknown;
  readonly condition: (name: string) => boolean;
  /** `undefined` where the mapping has no such keys. */
  mapping(map: string, topLevelKey: string, secondLevelKey: string): unknown;
  importValue(exportName: string): unknown;
  stackOutput(stackName: string, outputName: string): unknown;
  readonly region: string;
}

/** What `AWS::NoValue` resolves to. The property or the element that holds it is left out. */
export const noValue = Symbol("AWS::NoValue");

/**
 * The value with every intrinsic in it resolved.
 *
 * @throws TemplateError that says where, for an unknown intrinsic, a malformed one, and a name that
 *   the scope can't give
 */
export function resolveValue(value: unknown, scope: Scope, where: Where): unknown {
  if (typeof value === "string" && value.includes("{{resolve:")) {
    throw new TemplateError(where, `dynamic references are not supported: ${value}`);
  }
  if (Array.isArray(value)) {
    return value
      .map((element, index) => resolveValue(element, scope, [...where, String(index)]))
      .filter((element) => element !== noValue);
  }
  if (typeof value !== "object" || value === null) return value;
  if (!isIntrinsic(value)) {
    const resolved = Object.entries(value).map(
      ([key, inner]) => [key, resolveValue(inner, scope, [...where, key])] as const,
    );
    return Object.fromEntries(resolved.filter(([, inner]) => inner !== noValue));
  }
  const [[name, argument]] = Object.entries(value) as [[string, unknown]];
  const evaluate = intrinsics.get(name);
  if (evaluate === undefined) throw new TemplateError(where, `unknown intrinsic ${name}`);
  try {
    return evaluate(argument, {
      scope,
      resolve: (inner, ...path) => resolveValue(inner, scope, [...where, name, ...path]),
    });
  } catch (error) {
    if (error instanceof TemplateError) throw error;
    throw new TemplateError(where, `${name}: ${(error as Error).message}`, { cause: error });
  }
}

interface Evaluation {
  readonly scope: Scope;
  readonly resolve: (value: unknown, ...path: string[]) => unknown;
}

type Evaluate = (argument: unknown, evaluation: Evaluation) => unknown;

const intrinsics: ReadonlyMap<string, Evaluate> = new Map<string, Evaluate>([
  ["Ref", (name, { scope }) => scope.ref(text(name))],
  ["Fn::GetAtt", getAttribute],
  [
    "Fn::Join",
    (argument, { resolve }) => {
      const [separator, parts] = list(argument, 2);
      return list(resolve(parts, "1")).map(text).join(text(separator));
    },
  ],
  ["Fn::Sub", substitute],
  [
    "Fn::Select",
    (argument, { resolve }) => {
      const [index, choices] = list(argument, 2);
      const from = list(resolve(choices, "1"));
      const at = Number(resolve(index, "0"));
      if (from[at] === undefined) throw new Error(`no element ${at} among ${from.length}`);
      return from[at];
    },
  ],
  [
    "Fn::Split",
    (argument, { resolve }) => {
      const [separator, source] = list(argument, 2);
      return text(resolve(source, "1")).split(text(separator));
    },
  ],
  [
    "Fn::FindInMap",
    (argument, { scope, resolve }) => {
      const [map, top, second, options] = list(resolve(argument));
      const found = scope.mapping(text(map), text(top), text(second));
      if (found !== undefined) return resolve(found);
      const { DefaultValue } = (options ?? {}) as { DefaultValue?: unknown };
      if (DefaultValue === undefined) {
        throw new Error(`nothing at ${text(map)}.${text(top)}.${text(second)}`);
      }
      return DefaultValue;
    },
  ],
  [
    "Fn::If",
    (argument, { scope, resolve }) => {
      const [condition, whenTrue, whenFalse] = list(argument, 3);
      return scope.condition(text(condition)) ? resolve(whenTrue, "1") : resolve(whenFalse, "2");
    },
  ],
  [
    "Fn::Base64",
    (argument, { resolve }) => Buffer.from(text(resolve(argument))).toString("base64"),
  ],
  ["Fn::ImportValue", (argument, { scope, resolve }) => scope.importValue(text(resolve(argument)))],
  [
    // How CDK refers to another stack's output when the reference is to be a weak one.
    "Fn::GetStackOutput",
    (argument, { scope, resolve }) => {
      const { StackName, OutputName } = resolve(argument) as Record<string, unknown>;
      return scope.stackOutput(text(StackName), text(OutputName));
    },
  ],
  [
    "Fn::GetAZs",
    (argument, { scope, resolve }) => {
      const region = text(resolve(argument)) || scope.region;
      return ["a", "b", "c"].map((zone) => region + zone);
    },
  ],
]);

/** Whether a name such as `Fn::Join` is an intrinsic that `resolveValue` knows. */
export const isKnownIntrinsic = (name: string): boolean => intrinsics.has(name);

function getAttribute(argument: unknown, { scope, resolve }: Evaluation): unknown {
  if (typeof argument === "string") {
    const dot = argument.indexOf(".");
    return scope.attribute(argument.slice(0, dot), argument.slice(dot + 1));
  }
  const [logicalId, attribute] = list(argument, 2);
  return scope.attribute(text(logicalId), text(resolve(attribute, "1")));
}

function substitute(argument: unknown, { scope, resolve }: Evaluation): string {
  const [template, variables] = Array.isArray(argument) ? list(argument, 2) : [argument, {}];
  const given = resolve(variables, "1") as Record<string, unknown>;
  return substitutions(text(template))
    .map((part) => {
      if (part.kind === "text") return part.text;
      if (Object.hasOwn(given, part.name)) return text(given[part.name]);
      const dot = part.name.indexOf(".");
      return text(
        dot < 0
          ? scope.ref(part.name)
          : scope.attribute(part.name.slice(0, dot), part.name.slice(dot + 1)),
      );
    })
    .join("");
}

function text(value: unknown): string {
  if (typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  throw new Error(`got ${describe(value)}, allowed is a string`);
}

function list(value: unknown, length?: number): readonly unknown[] {
  if (!Array.isArray(value)) throw new Error(`got ${describe(value)}, allowed is a list`);
  if (length !== undefined && value.length !== length) {
    throw new Error(`got a list of ${value.length}, allowed is one of ${length}`);
  }
  return value;
}

const describe = (value: unknown) =>
  value === noValue ? "AWS::NoValue" : (JSON.stringify(value) ?? typeof value);
