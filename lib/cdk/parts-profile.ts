import { Stack } from "aws-cdk-lib";
import {
  ConfigurationContent,
  HostedConfiguration,
  type IApplication,
} from "aws-cdk-lib/aws-appconfig";
import type { Construct } from "constructs";
import { partsProfileName, type MigrationParts } from "../rollout/migration-parts.ts";

/**
 * Stores where a migration's parts are, in a profile that is never deployed: whoever may look at the
 * rollout finds all of it by the migration's name. Nothing depends on it, so it may name everything.
 */
export function createPartsProfile(
  scope: Construct,
  application: IApplication,
  parts: MigrationParts,
): HostedConfiguration {
  return new HostedConfiguration(scope, "Parts", {
    application,
    name: partsProfileName(parts),
    description: "Where the migration's parts are, for the command segue",
    content: ConfigurationContent.fromInline(
      Stack.of(scope).toJsonString(parts),
      "application/json",
    ),
  });
}
