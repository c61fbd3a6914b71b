import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Transcript } from "./transcript.ts";

/** A project that has the packages that the README has installed, and nothing else of Segue's. */
export async function firstMigration(transcript: Transcript): Promise<void> {
  const project = await mkdtemp(join(tmpdir(), "segue-docs-"));
  try {
    await mkdir(join(project, "src"));
    const dependencies = { "middy-segue": "*", "@middy/core": "*" };
    const manifest = JSON.stringify({ type: "module", dependencies });
    await writeFile(join(project, "package.json"), manifest);
    const compilerOptions = { module: "nodenext", allowImportingTsExtensions: true, noEmit: true };
    await writeFile(join(project, "tsconfig.json"), JSON.stringify({ compilerOptions }));
    await transcript.type("segue init --name customer-ids --yes", {}, { cwd: project });
  } finally {
    await rm(project, { recursive: true });
  }
}
