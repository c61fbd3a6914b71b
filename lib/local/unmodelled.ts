import { createHash } from "node:crypto";
import { generatedName } from "./names.ts";
import { checkProperties } from "./properties.ts";
import type { ResourceMaker, ResourceSite } from "./service.ts";

/** The resource types that mean nothing on one machine, and that templates have all the same. */
export const unmodelledResources: Readonly<Record<string, ResourceMaker>> = {
  // CDK's usage statistics.
  "AWS::CDK::Metadata": (_, site) => ({ ref: generatedName(site) }),

  // What a function logs is kept by the Lambda service, whatever its log group.
  "AWS::Logs::LogGroup"(properties, site) {
    const known = ["LogGroupName", "RetentionInDays", "LogGroupClass", "KmsKeyId", "Tags"];
    checkProperties("AWS::Logs::LogGroup", properties, known);
    const name = String(properties["LogGroupName"] ?? generatedName(site));
    const { region, account } = site;
    const Arn = `arn:aws:logs:${region}:${account}:log-group:${name}:*`;
    return { ref: name, attributes: { Arn } };
  },

  // Nothing here is encrypted at rest.
  "AWS::KMS::Key"(_, site) {
    const KeyId = keyId(site);
    const Arn = `arn:aws:kms:${site.region}:${site.account}:key/${KeyId}`;
    return { ref: KeyId, attributes: { Arn, KeyId } };
  },
  "AWS::KMS::Alias"(properties) {
    checkProperties("AWS::KMS::Alias", properties, ["AliasName", "TargetKeyId"]);
    return { ref: String(properties["AliasName"]) };
  },
};

/** A UUID, as KMS's ids are, that is the same on every run. */
function keyId({ stackName, logicalId }: ResourceSite): string {
  const hash = createHash("sha256").update(`${stackName}/${logicalId}`).digest("hex");
  return hash.slice(0, 32).replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, "$1-$2-$3-$4-$5");
}
