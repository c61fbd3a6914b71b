/** What a migration's name becomes in code. */
export interface Names {
  /** As it was given: `customer-ids`. */
  readonly migration: string;
  /** The prefix of types and classes: `CustomerIds`. */
  readonly type: string;
  /** The prefix of values: `customerIds`. */
  readonly value: string;
}

/**
 * Makes prefixes of a migration's name. What follows them keeps every name apart from JavaScript's own:
 * `delete` becomes `deleteMigration`.
 */
export function namesOf(migration: string): Names {
  const type = migration
    .split("-")
    .map((word) => word.slice(0, 1).toUpperCase() + word.slice(1))
    .join("");
  return { migration, type, value: type.slice(0, 1).toLowerCase() + type.slice(1) };
}
