import { build } from "esbuild";
import { join } from "node:path";

const root = join(import.meta.dirname, "../..");

/**
 * A function's file: a handler in TypeScript that imports Segue as `middy-segue`, bundled as CDK does it,
 * the AWS SDK apart.
 */
export async function bundled(
  source: string,
  { format = "esm" }: { format?: "esm" | "cjs" } = {},
): Promise<Record<string, string>> {
  const { outputFiles } = await build({
    stdin: { contents: source, resolveDir: root, loader: "ts" },
    alias: {
      "middy-segue": join(root, "lib/index.ts"),
      "middy-segue/testing": join(root, "lib/testing.ts"),
    },
    bundle: true,
    write: false,
    platform: "node",
    target: "node24",
    format,
    external: ["@aws-sdk/*"],
    mainFields: ["module", "main"],
    logLevel: "warning",
  });
  return { [format === "esm" ? "index.mjs" : "index.js"]: outputFiles[0]!.text };
}

/** What most of these functions have in common: a V1, a V2 at a URL of the test's, and the early response. */
export const PRELUDE = `
import middy from "@middy/core";
import segue, { defineMigration } from "middy-segue";
import { fixedMode } from "middy-segue/testing";
const stored = (comparison) => console.log("stored " + comparison.outcome + " of " + comparison.requestId);
const records = {
  retentionDays: 1,
  keepsAll: true,
  write: async (comparisons) => (comparisons.forEach(stored), []),
};
const migration = defineMigration({
  name: "things",
  v1: { get: async () => "ok" },
  v2: { get: async (url) => (url ? (await fetch(url)).text() : "ok") },
  operations: { get: { kind: "read", timeoutMs: 5_000, breaker: false } },
});
const early = (options = {}) =>
  segue(migration, { modeSource: fixedMode("shadow"), records, response: "early", ...options });
`;
