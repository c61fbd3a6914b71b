import { checkProperties } from "../properties.ts";
import type { BusEvent } from "./event.ts";

/** What a rule starts, and with what. */
export interface Target {
  readonly id: string;
  readonly arn: string;
  /** What the target gets for an event. */
  readonly input: (event: BusEvent) => unknown;
}

type Properties = Readonly<Record<string, any>>;

/** Reads one of a rule's `Targets`. @throws Error for what the local cloud doesn't do */
export function readTarget(properties: Properties): Target {
  const what = "AWS::Events::Rule: Targets";
  checkProperties(what, properties, [
    "Id",
    "Arn",
    "Input",
    "InputPath",
    "InputTransformer",
    // Of a delivery that fails, which none does here; a function that fails is Lambda's matter.
    "RetryPolicy",
  ]);
  const { Id, Arn, Input, InputPath, InputTransformer } = properties;
  if (!/^arn:aws:(?:lambda|sns):/.test(Arn)) {
    throw new Error(`${what}: Arn: got ${Arn}, allowed is a Lambda function or an SNS topic`);
  }
  return { id: Id, arn: Arn, input: readInput(Input, InputPath, InputTransformer) };
}

function readInput(
  input: string | undefined,
  inputPath: string | undefined,
  transformer: Properties | undefined,
): Target["input"] {
  if (input !== undefined) {
    const constant: unknown = JSON.parse(input);
    return () => constant;
  }
  if (inputPath !== undefined) return readPath(inputPath);
  if (transformer !== undefined) return readTransformer(transformer);
  return (event) => event;
}

/** `$`, or `$.detail.state.value`: the plain paths that rules have in practice. */
function readPath(path: string): (event: unknown) => unknown {
  if (!/^\$(?:\.[\w-]+)*$/.test(path)) {
    throw new Error(`InputPath: got ${path}, allowed is such as $.detail.alarmName`);
  }
  const names = path.split(".").slice(1);
  return (event) =>
    names.reduce<unknown>(
      (value, name) => (value as Readonly<Record<string, unknown>> | null | undefined)?.[name],
      event,
    );
}

/** The template is JSON in which `<name>` stands for a value, or a string in quotes. */
function readTransformer(properties: Properties): Target["input"] {
  checkProperties("InputTransformer", properties, ["InputPathsMap", "InputTemplate"]);
  const template: string = properties["InputTemplate"];
  const paths = new Map(
    Object.entries((properties["InputPathsMap"] ?? {}) as Readonly<Record<string, string>>).map(
      ([name, path]) => [name, readPath(path)],
    ),
  );
  for (const [, name] of template.matchAll(/<([\w.-]+)>/g)) {
    if (!paths.has(name!)) throw new Error(`InputTemplate: no path is named ${name}`);
  }
  return (event) => {
    const filled = template.replaceAll(/"(?:[^"\\]|\\.)*"|<([\w.-]+)>/g, (part, name) =>
      name === undefined
        ? part.replaceAll(/<([\w.-]+)>/g, (_, inner) => inString(paths.get(inner)!(event)))
        : JSON.stringify(paths.get(name)!(event) ?? null),
    );
    return JSON.parse(filled) as unknown;
  };
}

/** A value within a JSON string: without quotes of its own, and escaped. */
function inString(value: unknown): string {
  if (value === undefined) return "";
  const plain = typeof value === "string" ? value : JSON.stringify(value);
  return JSON.stringify(plain).slice(1, -1);
}
