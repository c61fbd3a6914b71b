/**
 * What a function carries with Segue in it, and how long that takes to import: the worked example,
 * bundled as CDK bundles it, beside a handler's use of LaunchDarkly's SDK bundled the same way. The AWS
 * SDK is part of Lambda's runtime and in neither of them. The bar is for what the example has of Segue,
 * Powertools included: zipped, as Lambda gets it, and minified, as it is read.
 *
 * Imports are timed where a client for DynamoDB has been made already, since a handler has one without
 * Segue too. Each happens in a process of its own, in turns; medians of the rounds.
 *
 *     node test/bench/bundle.ts [--json]
 *
 * With --json one object a line: `name`, `value`, `unit`, `bar` (the value may be as much), `peer`.
 * Exits 1 when a bar is missed.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { build, type BuildOptions } from "esbuild";
import { median, report } from "../support/figures.ts";

interface Bundle {
  readonly name: string;
  readonly file: string;
  readonly bytes: number;
  readonly zippedBytes: number;
  /** Minified bytes of each package, and of each of our own folders. */
  readonly parts: ReadonlyMap<string, number>;
}

const ROUNDS = 25;
const MAX_KB = 40;
const BYTES_A_KB = 1_000;

/** What the example has of Segue. Middy is the handler's own. */
const RUNTIME = `export { default, defineMigration } from "./lib/index.ts";`;

/** What a handler does with LaunchDarkly's SDK while it is imported; offline, it needs no network. */
const LAUNCH_DARKLY = `
  import { createMigration, init, LDMigrationSuccess } from "@launchdarkly/node-server-sdk";
  const client = init("sdk-key", { offline: true, logger: { error() {}, warn() {}, info() {}, debug() {} } });
  const done = async () => LDMigrationSuccess([]);
  export const migration = createMigration(client, {
    readOld: done, readNew: done, writeOld: done, writeNew: done,
  });`;

const root = join(import.meta.dirname, "..", "..");
const directory = mkdtempSync(join(tmpdir(), "segue-bundle-"));
try {
  symlinkSync(join(root, "node_modules"), join(directory, "node_modules"), "dir");
  const ours = await bundle("Segue", { entryPoints: ["lambdas/customer-ids/handler.ts"] });
  const runtime = await bundle("runtime", { stdin: { contents: RUNTIME, resolveDir: root } });
  const theirs = await bundle("LaunchDarkly", {
    stdin: { contents: LAUNCH_DARKLY, resolveDir: root },
    // A CommonJS package asks for Node's own modules by "require", which an ES module has not.
    banner: {
      js: `import { createRequire } from "node:module"; const require = createRequire(import.meta.url);`,
    },
  });
  const [ourMs, theirMs] = importTimes([ours, theirs]) as [number, number];
  report([
    { name: "zipped", value: runtime.zippedBytes / BYTES_A_KB, unit: "KB", bar: MAX_KB },
    { name: "minified", value: runtime.bytes / BYTES_A_KB, unit: "KB", bar: MAX_KB },
    ...[...runtime.parts].map(([part, bytes]) => ({
      name: `minified, ${part}`,
      value: bytes / BYTES_A_KB,
      unit: "KB",
    })),
    { name: "the example, minified", value: ours.bytes / BYTES_A_KB, unit: "KB" },
    { name: "the example, zipped", value: ours.zippedBytes / BYTES_A_KB, unit: "KB" },
    { name: "LaunchDarkly, minified", value: theirs.bytes / BYTES_A_KB, unit: "KB" },
    { name: "LaunchDarkly, zipped", value: theirs.zippedBytes / BYTES_A_KB, unit: "KB" },
    { name: "the example, import", value: ourMs, unit: "ms" },
    { name: "LaunchDarkly, import", value: theirMs, unit: "ms" },
    { name: "import", value: ourMs / theirMs, unit: "x time", bar: 1, peer: "LaunchDarkly" },
  ]);
} finally {
  rmSync(directory, { recursive: true });
}

/** Bundles as NodejsFunction does with the options of the example's stack. */
async function bundle(name: string, entry: BuildOptions): Promise<Bundle> {
  const file = join(directory, `${name}.mjs`);
  const { metafile } = await build({
    ...entry,
    absWorkingDir: root,
    outfile: file,
    bundle: true,
    minify: true,
    format: "esm",
    platform: "node",
    target: "node24",
    mainFields: ["module", "main"],
    external: ["@aws-sdk/*", "@smithy/*"],
    sourcemap: "external",
    metafile: true,
    logLevel: "error",
  });
  const output = Object.values(metafile.outputs).find(({ entryPoint }) => entryPoint !== undefined);
  assert.ok(output);
  const parts = new Map<string, number>();
  for (const [input, { bytesInOutput }] of Object.entries(output.inputs)) {
    const part = partOf(input);
    parts.set(part, (parts.get(part) ?? 0) + bytesInOutput);
  }
  return {
    name,
    file,
    bytes: output.bytes,
    zippedBytes: gzipSync(readFileSync(file), { level: 9 }).length,
    parts: new Map([...parts].toSorted(([, a], [, b]) => b - a)),
  };
}

/** The package that a module belongs to, or the folder of our own. */
function partOf(input: string): string {
  const inPackage = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(input)?.[1];
  return inPackage ?? input.split("/").slice(0, 2).join("/");
}

/** Milliseconds that the import of each bundle takes. */
function importTimes(bundles: readonly Bundle[]): number[] {
  const program = `
    const { DynamoDBClient } = await import("@aws-sdk/client-dynamodb");
    new DynamoDBClient();
    const start = performance.now();
    await import(process.env.BUNDLE);
    console.log(performance.now() - start);`;
  const rounds = bundles.map(() => [] as number[]);
  for (let round = 0; round < ROUNDS; round++) {
    bundles.forEach(({ file }, at) => {
      const options = {
        cwd: directory,
        env: { ...process.env, BUNDLE: file },
        encoding: "utf8",
      } as const;
      const args = ["--input-type=module", "--eval", program];
      rounds[at]!.push(Number(execFileSync(process.execPath, args, options)));
    });
  }
  return rounds.map(median);
}
