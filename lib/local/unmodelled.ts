import { generatedName } from "./names.ts";
import { checkProperties } from "./properties.ts";
import type { ResourceMaker } from "./service.ts";

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
};
