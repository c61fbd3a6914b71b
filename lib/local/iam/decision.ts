import type { Access } from "../access.ts";
import type { Context } from "./conditions.ts";
import type { CountedRule } from "./policies.ts";
import type { Principal } from "./statement.ts";

/** The policies that have a say. */
export interface Policies {
  /** The caller's own. */
  readonly identity: readonly CountedRule[];
  /** Those of the resource. */
  readonly resource: readonly CountedRule[];
}

/**
 * Decides as IAM does within one account: what any policy denies is denied, and else what either the
 * caller's or the resource's policy allows is allowed. What allows it is counted as used.
 *
 * @returns why not, as the end of AWS's sentence, or `undefined` where it is allowed
 */
export function refusalOf(
  principal: Principal,
  access: Access,
  context: Context,
  { identity, resource }: Policies,
): string | undefined {
  const covers = (rule: CountedRule) => rule.covers(principal, access, context);
  const denies = (rule: CountedRule) => rule.effect === "Deny" && covers(rule);
  if (identity.some(denies)) return "with an explicit deny in an identity-based policy";
  if (resource.some(denies)) return "with an explicit deny in a resource-based policy";
  const allowing = [...identity, ...resource].filter(
    (rule) => rule.effect === "Allow" && covers(rule),
  );
  if (allowing.length === 0) {
    const kind = "role" in principal ? "identity" : "resource";
    return `because no ${kind}-based policy allows the ${access.action} action`;
  }
  for (const { grant } of allowing) if (grant !== undefined) grant.uses += 1;
  return undefined;
}
