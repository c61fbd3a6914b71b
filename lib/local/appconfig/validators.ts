import { badRequest } from "./errors.ts";
import type { Input } from "./input.ts";
import type { ConfigurationProfile, HostedVersion, Validator } from "./model.ts";

/**
 * A profile's validators. Until JSON_SCHEMA and LAMBDA run here, a profile that has some is refused:
 * a deployment that AWS would have refused must not pass.
 */
export function readValidators(input: Input): readonly Validator[] {
  const validators: unknown = input.Validators;
  if (Array.isArray(validators) && validators.length > 0) {
    const types = validators.map((validator: Partial<Validator>) => validator?.Type).join(", ");
    throw badRequest(
      `Validators is not supported by the local cloud's AppConfig yet, got ${types}`,
    );
  }
  return [];
}

/** What StartDeployment and ValidateConfiguration run: the one place for validators to come. */
export async function validateVersion(
  profile: ConfigurationProfile,
  version: HostedVersion,
): Promise<void> {
  for (const validator of profile.validators) {
    throw badRequest(`Validator ${validator.Type} cannot judge version ${version.number}`);
  }
}
