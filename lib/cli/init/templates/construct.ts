import { only, type Template } from "../template.ts";

export const constructTemplate: Template = ({ migration, type, writes }) =>
  `import type { Function } from "aws-cdk-lib/aws-lambda";
import { Construct } from "constructs";
import { Migration } from "middy-segue/cdk";

export interface ${type}MigrationProps {
  /** The function that runs this folder's handler, such as a NodejsFunction with that entry. */
  readonly fn: Function;
${only(
  writes,
  `  /** The function that runs this folder's repair handler. It needs what V1 and V2 need. */
  readonly repair: Function;
`,
)}}

/**
 * The cloud side of the migration.
 *
 * @example
 * new ${type}Migration(this, "${type}Migration", { ${writes ? "fn, repair" : "fn"} });
 */
export class ${type}Migration extends Construct {
  readonly migration: Migration;

  constructor(scope: Construct, id: string, props: ${type}MigrationProps) {
    super(scope, id);
    this.migration = new Migration(this, "Migration", {
      migrationName: "${migration}",
${only(writes, "      dualWrites: true,\n")}    });
    this.migration.instrument(props.fn);
${only(writes, "    this.migration.scheduleRepair(props.repair);\n")}  }
}
`;
