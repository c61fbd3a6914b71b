import { isMode, type Mode } from "./mode/mode.ts";

/** What the `Migration` construct tells a function of one migration, in an environment variable. */
export interface FunctionEnvironment {
  /** AppConfig's ids. */
  readonly application: string;
  readonly environment: string;
  readonly profile: string;
  /** Whether the AppConfig agent runs beside the function. */
  readonly agent: boolean;
  /** Name of the table of records. */
  readonly table: string;
  /** Days for which a record is kept. */
  readonly retentionDays: number;
  /** The mode while no document could be read. */
  readonly defaultMode: Mode;
}

/** The name of the variable: `SEGUE_CUSTOMER_IDS` for the migration `customer-ids`. */
export function variableName(migration: string): string {
  return `SEGUE_${migration.toUpperCase().replaceAll("-", "_")}`;
}

/**
 * Reads a migration's variable.
 *
 * @throws {TypeError} where it is missing or not what the construct writes.
 */
export function functionEnvironment(migration: string): FunctionEnvironment {
  const name = variableName(migration);
  const text = process.env[name];
  if (text === undefined) {
    throw new TypeError(
      `${name} is not set: give the function to the Migration construct's instrument(), ` +
        "or give segue() a modeSource and records",
    );
  }
  let value: any;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  const texts = ["application", "environment", "profile", "table"];
  const good =
    texts.every((key) => typeof value?.[key] === "string" && value[key] !== "") &&
    typeof value.agent === "boolean" &&
    typeof value.retentionDays === "number" &&
    isMode(value.defaultMode);
  if (!good) throw new TypeError(`${name}: got ${text}, allowed is what instrument() writes`);
  return value;
}
