import { createHash } from "node:crypto";
import type { ResourceSite } from "./service.ts";

/**
 * The name of a resource that its template leaves nameless, of the same form as CloudFormation's:
 * stack, logical id, hash. It is the same on every run.
 *
 * @param maxLength what the service allows; stack and logical id are cut to fit
 */
export function generatedName(
  { stackName, logicalId }: Pick<ResourceSite, "stackName" | "logicalId">,
  maxLength = 255,
): string {
  const hash = createHash("sha256").update(`${stackName}/${logicalId}`).digest("hex");
  const suffix = `-${hash.slice(0, 12).toUpperCase()}`;
  return `${stackName}-${logicalId}`.slice(0, maxLength - suffix.length) + suffix;
}
