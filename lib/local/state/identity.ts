import type { Credentials } from "../iam/index.ts";
import { IDENTITY, type StateFolder } from "./folder.ts";

/** What all clouds of one folder have in common, so that what talks to one talks to the next. */
export interface Identity {
  readonly region: string;
  readonly account: string;
  readonly port: number;
  readonly operator: Credentials;
  /** By how much the cloud's time was ahead of the wall's when it was last written, in milliseconds. */
  readonly aheadMs: number;
}

/**
 * The identity of the cloud that was in a folder before, if one was.
 *
 * @throws Error where that was in another region or account, whose ARNs are all other ones
 */
export function identityLeft(
  folder: StateFolder,
  path: string,
  ids: { readonly region: string; readonly account: string },
): Identity | undefined {
  const identity = folder.left(IDENTITY) as Identity | undefined;
  for (const part of ["region", "account"] as const) {
    if (identity !== undefined && identity[part] !== ids[part]) {
      throw new Error(
        `${path}: this state is of ${part} ${identity[part]}, got ${ids[part]}: use another folder`,
      );
    }
  }
  return identity;
}
