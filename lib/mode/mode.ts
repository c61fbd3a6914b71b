/** The four modes of a migration, in the order in which it goes through them. */
export const MODES = ["old", "shadow", "reverse-shadow", "new"] as const;

export type Mode = (typeof MODES)[number];

/** One of the two adapters of the dependency. */
export type Version = "v1" | "v2";

export function otherVersion(version: Version): Version {
  return version === "v1" ? "v2" : "v1";
}

export function isMode(value: unknown): value is Mode {
  return MODES.includes(value as Mode);
}

/** The mode one step forward, or `undefined` for `new`. */
export function nextMode(mode: Mode): Mode | undefined {
  return MODES[MODES.indexOf(mode) + 1];
}

/** The mode one step back, or `undefined` for `old`. */
export function previousMode(mode: Mode): Mode | undefined {
  return MODES[MODES.indexOf(mode) - 1];
}
