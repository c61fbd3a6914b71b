import type { ValidateFunction } from "ajv";
import ajvDraft04 from "ajv-draft-04";
import { badRequest } from "./errors.ts";
import type { InvalidConfigurationDetail } from "./model.ts";

/**
 * What a JSON Schema of draft 4, the only one that AppConfig reads, says against a document.
 *
 * @throws BadRequestException for a schema that is none
 */
export function schemaErrors(schema: string, document: string): InvalidConfigurationDetail[] {
  const validate = compile(schema);
  let value: unknown;
  try {
    value = JSON.parse(document);
  } catch (error) {
    return [{ Type: "JSON_SCHEMA", Reason: `not JSON: ${(error as Error).message}` }];
  }
  if (validate(value)) return [];
  return (validate.errors ?? []).map(({ keyword, instancePath, message, data }) => ({
    Type: "JSON_SCHEMA",
    Constraint: keyword,
    Location: instancePath,
    Reason: message ?? keyword,
    Value: JSON.stringify(data),
  }));
}

function compile(schema: string): ValidateFunction {
  try {
    const ajv = new ajvDraft04.default({
      allErrors: true,
      verbose: true,
      // A schema may say more than the standard knows, such as where it comes from.
      strict: false,
      validateFormats: false,
    });
    return ajv.compile(JSON.parse(schema) as object);
  } catch (error) {
    throw badRequest(`Validators: Content: no JSON Schema: ${(error as Error).message}`);
  }
}
