import { refuseType } from "./options.ts";

/**
 * Checks a migration's name. It goes into environment variables, keys, metrics and AppConfig, so it
 * keeps to what all of them take.
 *
 * @throws {TypeError} naming the option, what it got and what is allowed.
 */
export function checkMigrationName(option: string, name: unknown): void {
  if (typeof name !== "string" || !/^[a-z][a-z0-9-]{0,63}$/.test(name)) {
    refuseType(
      option,
      name,
      "lower-case letters, digits and dashes, a letter first, at most 64 of them",
    );
  }
}
