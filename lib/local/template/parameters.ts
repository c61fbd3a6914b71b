import { TemplateError, type TemplateParameter } from "./template.ts";

/**
 * The values of a template's parameters: what is given, else their defaults. One that names an SSM
 * parameter is worth its default itself, as there is no Parameter Store here; CDK's own
 * `BootstrapVersion`, which nothing reads, is such a one.
 *
 * @throws TemplateError for a parameter without a value, and for a value without a parameter
 */
export function parameterValues(
  stackName: string,
  parameters: Readonly<Record<string, TemplateParameter>>,
  given: Readonly<Record<string, string>> = {},
): ReadonlyMap<string, unknown> {
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(parameters, name)) {
      throw new TemplateError([stackName, "Parameters", name], "given, and not declared");
    }
  }
  return new Map(
    Object.entries(parameters).map(([name, { Type, Default }]) => {
      const value = Object.hasOwn(given, name) ? given[name] : Default;
      if (value === undefined) {
        throw new TemplateError(
          [stackName, "Parameters", name],
          "no default, and nothing gives it",
        );
      }
      const isList = Type === "CommaDelimitedList" || Type.startsWith("List<");
      return [name, isList && typeof value === "string" ? value.split(",") : value];
    }),
  );
}
