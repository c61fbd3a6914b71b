import type { ModeDocument } from "../mode/mode-document.ts";

/** How the descriptions of the guard's own deployments begin. */
export const BY_GUARD = "guard: ";

/** A deployment of a mode document, and what became of it. Times are epoch milliseconds. */
export interface PastDeployment {
  readonly number: number;
  /** AppConfig's version number of the document. */
  readonly version: number;
  readonly document: ModeDocument;
  /** What whoever deployed it said about it. */
  readonly description: string;
  readonly startedAt: number;
  /** `undefined` while it is under way, and where it was undone. */
  readonly completedAt: number | undefined;
  /** From when on the document before it was served again, where that is so. */
  readonly undone: Undoing | undefined;
}

/** What AppConfig says about how a deployment was undone. */
export interface Undoing {
  readonly at: number;
  /** AppConfig's word: `USER`, `APPCONFIG`, `CLOUDWATCH_ALARM` or `INTERNAL_ERROR`. */
  readonly triggeredBy: string;
  readonly description: string;
}
