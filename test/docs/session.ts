/** The session whose outputs stand in the docs: see CONTRIBUTING for how to add to it. */
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { customerIds } from "./customer-ids.ts";
import { firstMigration } from "./first-migration.ts";
import { payments } from "./payments.ts";
import { Transcript } from "./transcript.ts";

/** Each stands up what it wants to show, and types. */
const SCENES = [customerIds, payments, firstMigration];

export async function holdSession(): Promise<Transcript> {
  const transcript = new Transcript();
  for (const scene of SCENES) await scene(transcript);
  return transcript;
}

/** A page of the docs. */
export interface Page {
  readonly file: string;
  readonly text: string;
}

export function readPages(): Page[] {
  const root = join(import.meta.dirname, "..", "..");
  return globSync(["*.md", "docs/**/*.md", "lib/**/*.md"], { cwd: root }).map((page) => {
    const file = join(root, page);
    return { file, text: readFileSync(file, "utf8") };
  });
}
