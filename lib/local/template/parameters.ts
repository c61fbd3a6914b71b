import { TemplateError, type TemplateParameter } from "./template.ts";

/**
 * The values of a template's parameters, which are their defaults: there is nobody to give others.
 * One that names an SSM parameter is worth its default itself, as there is no Parameter Store here;
 * CDK's own `BootstrapVersion`, which nothing reads, is such a one.
 *
 * @throws TemplateError for a parameter without a default
 */
export function parameterValues(
  stackName: string,
  parameters: Readonly<Record<string, TemplateParameter>>,
): ReadonlyMap<string, unknown> {
  return new Map(
    Object.entries(parameters).map(([name, { Type, Default }]) => {
      if (Default === undefined) {
        throw new TemplateError(
          [stackName, "Parameters", name],
          "no default, and nothing gives it",
        );
      }
      const isList = Type === "CommaDelimitedList" || Type.startsWith("List<");
      return [name, isList && typeof Default === "string" ? Default.split(",") : Default];
    }),
  );
}
