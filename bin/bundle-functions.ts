import { fileURLToPath } from "node:url";
import { build, type Metafile } from "esbuild";
import { OWN_FUNCTIONS } from "../lib/cdk/own-function.ts";

/**
 * Bundles Segue's own functions for the published package, each into a folder of its name.
 *
 * @returns what is in the bundles.
 */
export async function bundleFunctions(directory: string): Promise<Metafile> {
  const { metafile } = await build({
    entryPoints: OWN_FUNCTIONS.map((name) => ({
      in: fileURLToPath(new URL(`../lambdas/${name}/handler.ts`, import.meta.url)),
      out: `${name}/index`,
    })),
    outdir: directory,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    minify: true,
    metafile: true,
    platform: "node",
    target: "node22",
    format: "esm",
    mainFields: ["module", "main"],
    // Lambda's runtime has it.
    external: ["@aws-sdk/*", "@smithy/*"],
    logLevel: "warning",
  });
  return metafile;
}

if (import.meta.main) {
  await bundleFunctions(fileURLToPath(new URL("../dist/lambdas", import.meta.url)));
}
