export { Migration, type MigrationProps } from "./migration.ts";
