import { badRequest } from "./errors.ts";
import type { Input } from "./input.ts";
import { list, oneOf, text } from "./input.ts";
import { schemaErrors } from "./json-schema.ts";
import { lambdaRefusal } from "./lambda-validator.ts";
import type {
  AppConfigState,
  ConfigurationProfile,
  HostedVersion,
  InvalidConfigurationDetail,
  Validator,
} from "./model.ts";

const MAX_VALIDATORS = 2;
const CONTENT = { min: 0, max: 32_768 } as const;
const FUNCTION_ARN = /^arn:aws:lambda:[^:]+:\d{12}:function:[\w-]+(?::[\w$-]+)?$/;

/** A profile's validators. @throws BadRequestException, also for a schema that is none */
export function readValidators(input: Input): readonly Validator[] {
  return list(input, "Validators", MAX_VALIDATORS).map((each) => {
    const Type = oneOf(each, "Type", ["JSON_SCHEMA", "LAMBDA"] as const);
    if (Type === undefined) throw badRequest("Validators: Type: required, got nothing");
    const Content = text(each, "Content", CONTENT);
    // To see that it is one.
    if (Type === "JSON_SCHEMA") schemaErrors(Content, "null");
    else if (!FUNCTION_ARN.test(Content)) {
      throw badRequest(`Validators: Content: got ${Content}, allowed is a function's ARN`);
    }
    return { Type, Content };
  });
}

/**
 * What StartDeployment and ValidateConfiguration run. The first validator that finds something
 * refuses; whether AWS would ask the others too is not verified.
 *
 * @throws BadRequestException with what is wrong with the version
 */
export async function validateVersion(
  { invokeFunction }: Pick<AppConfigState, "invokeFunction">,
  profile: ConfigurationProfile,
  version: HostedVersion,
): Promise<void> {
  for (const { Type, Content } of profile.validators) {
    const details: readonly InvalidConfigurationDetail[] =
      Type === "JSON_SCHEMA"
        ? schemaErrors(Content, Buffer.from(version.content).toString("utf8"))
        : await lambdaRefusal(Content, version, invokeFunction);
    if (details.length > 0) {
      const reasons = details.map(({ Location, Reason }) => `${Location ?? ""} ${Reason}`.trim());
      throw badRequest(`Validation of the configuration failed: ${reasons.join("; ")}`, {
        Reason: "InvalidConfiguration",
        Details: { InvalidConfiguration: details },
      });
    }
  }
}
