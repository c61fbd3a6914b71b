import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { promisify } from "node:util";
import { build } from "esbuild";
import { COMMAND_PACKAGES, LOCAL_PACKAGES } from "../../lib/cli/missing-package.ts";
import { localCloud } from "../support/local-command.ts";
import { pack, type Packed, type Project } from "../support/packed.ts";
import { segue } from "../support/segue-command.ts";

const bin = join(import.meta.dirname, "..", "..", "node_modules", ".bin");

const CDK_PACKAGES = ["aws-cdk-lib", "constructs"];

const MIGRATION = `
  import { defineMigration } from "middy-segue";
  export interface Greetings { greet(name: string): Promise<string> }
  export const greetings = defineMigration<Greetings>({
    name: "greetings",
    v1: { greet: async (name) => \`hello \${name}\` },
    v2: { greet: async (name) => \`hello \${name}\` },
    operations: { greet: { kind: "read", key: (name) => name } },
  });`;

const HANDLER = `
  import middy from "@middy/core";
  import segue from "middy-segue";
  import { greetings } from "./migration.ts";
  export const handler = middy()
    .use(segue(greetings))
    .handler(async (event: { name: string }, context) => greetings.client(context).greet(event.name));`;

const TEST = `
  import assert from "node:assert/strict";
  import { it } from "node:test";
  import middy from "@middy/core";
  import segue from "middy-segue";
  import { fixedMode, memoryMetrics, memoryRecords } from "middy-segue/testing";
  import { greetings } from "./migration.ts";
  it("greets", async () => {
    const records = memoryRecords({ throwOnDisagreement: true });
    const handler = middy()
      .use(segue(greetings, { modeSource: fixedMode("shadow"), records, metrics: memoryMetrics() }))
      .handler(async (event: { name: string }, context) => greetings.client(context).greet(event.name));
    const context: any = { awsRequestId: "1", getRemainingTimeInMillis: () => 10_000 };
    assert.equal(await handler({ name: "you" }, context), "hello you");
    assert.deepEqual(records.comparisons.map(({ outcome }) => outcome), ["match"]);
  });`;

const APP = `
  import { App, CfnOutput, Stack } from "aws-cdk-lib";
  import { Runtime } from "aws-cdk-lib/aws-lambda";
  import { NodejsFunction } from "aws-cdk-lib/aws-lambda-nodejs";
  import { Migration } from "middy-segue/cdk";
  const app = new App({ outdir: "cdk.out" });
  const stack = new Stack(app, "Greetings");
  const fn = new NodejsFunction(stack, "Greet", {
    entry: "handler.ts",
    depsLockFilePath: "package.json",
    runtime: Runtime.NODEJS_24_X,
  });
  new Migration(stack, "Migration", { migrationName: "greetings" }).instrument(fn);
  new CfnOutput(stack, "Function", { value: fn.functionName });
  app.synth();`;

describe("the package, from npm's tarball alone", () => {
  let packed: Packed;
  /** A project that has all the peers. */
  let full: Project;

  before(async () => {
    packed = await pack();
    full = await packed.project([...packed.optionalPeers, "@types/node", "@types/aws-lambda"]);
    await full.write("migration.ts", MIGRATION);
    await full.write("handler.ts", HANDLER);
    await full.write("greets.test.ts", TEST);
    await full.write("app.ts", APP);
  });
  after(() => packed?.close());

  it("has what runs, with types and source maps, and its documentation, and nothing else", async () => {
    const others = packed.files.filter((file) => !/^(?:dist\/|docs\/.+\.md$)/.test(file));
    assert.deepEqual(others.toSorted(), [
      "CHANGELOG.md",
      "LICENSE",
      "README.md",
      "lib/local/README.md",
      "package.json",
    ]);
    const built = packed.files.filter((file) => file.startsWith("dist/"));
    const folders = built.flatMap((file) => /^dist\/([^/]+)\//.exec(file)?.[1] ?? []);
    assert.equal(
      [...new Set(folders)].toSorted().join(" "),
      "call cdk cli comparison lambda lambdas local metrics mode mode-source operate records repair report rollout text",
    );
    const modules = built.filter((file) => file.endsWith(".js"));
    for (const file of modules) {
      assert.ok(built.includes(`${file}.map`), file);
      const ofCommand = /^dist\/(?:cli|local|report|text)\//.test(file);
      assert.equal(built.includes(file.replace(/js$/, "d.ts")), !ofCommand, file);
    }
    const sourceMap = await readFile(join(packed.unpacked, `${modules[0]}.map`), "utf8");
    assert.ok(JSON.parse(sourceMap).sourcesContent[0].length > 0);
    // Found by their paths alone, so no compiler would miss them.
    for (const file of [
      "dist/lambdas/mode-gate/index.mjs",
      "dist/lambdas/rollback-guard/index.mjs",
      "dist/local/lambda/bootstrap.js",
      "dist/local/lambda/runtime/sdk.js",
    ]) {
      assert.ok(built.includes(file), file);
    }
  });

  it("pleases publint and attw", async () => {
    const run = promisify(execFile);
    await run(join(bin, "publint"), ["run", packed.tarball, "--strict"]);
    // There are ES modules alone. That Node can require them by now is what attw doesn't know.
    const options = ["--profile", "node16", "--ignore-rules", "cjs-resolves-to-esm"];
    await run(join(bin, "attw"), [packed.tarball, ...options]);
  });

  it("asks for the packages of the command and of the CDK, and makes none of them a must", () => {
    assert.deepEqual(
      packed.optionalPeers.toSorted(),
      [...COMMAND_PACKAGES, ...LOCAL_PACKAGES, ...CDK_PACKAGES].toSorted(),
    );
  });

  it("tells what the command needs where it tells of the command", async () => {
    for (const page of ["README.md", "docs/commands.md"]) {
      const text = await readFile(join(packed.unpacked, page), "utf8");
      const [, listed] = /^npm install --save-dev ((?:.*\\\n)*.*)/m.exec(text)!;
      const names = listed!.split(/[\s\\]+/);
      assert.deepEqual(names.toSorted(), COMMAND_PACKAGES.toSorted(), page);
    }
  });

  for (const [module, moduleResolution] of [
    ["nodenext", "nodenext"],
    ["esnext", "bundler"],
  ] as const) {
    it(`compiles with ${moduleResolution} resolution, its own declarations being checked too`, async () => {
      const options = { module, moduleResolution, skipLibCheck: false };
      const config = `tsconfig.${moduleResolution}.json`;
      await full.write(config, JSON.stringify({ compilerOptions: { ...STRICT, ...options } }));
      const said = await full.compile("-p", config);
      // Others' declarations don't hold up to every option.
      const ours = said
        .split("\n")
        .filter((line) => line !== "" && !/^(?:\s|(?:\.\.\/)+.*node_modules\/)/.test(line));
      assert.deepEqual(ours, []);
    });
  }

  it("is imported, and required too", async () => {
    const names = `for (const name of ["", "/testing", "/cdk"])`;
    await full.write(
      "all.mjs",
      `${names} console.log(Object.keys(await import("middy-segue" + name)).join())`,
    );
    await full.write(
      "all.cjs",
      `${names} console.log(Object.keys(require("middy-segue" + name)).join())`,
    );
    const [imported, required] = await Promise.all([full.node("all.mjs"), full.node("all.cjs")]);
    assert.match(imported.stdout, /defineMigration.*\n.*fixedMode.*\nMigration\n$/);
    assert.equal(required.code, 0, required.stderr);
    // What TypeScript and bundlers go by where a default export is required.
    assert.equal(required.stdout.replace("__esModule,", ""), imported.stdout);
  });

  it("has what a user's own test needs", async () => {
    const { code, stdout } = await full.node("--test", "greets.test.ts");
    assert.equal(code, 0, stdout);
    assert.match(stdout, /pass 1\b/);
  });

  it("puts into a function's bundle what a function needs", async () => {
    const { metafile } = await build({
      absWorkingDir: full.folder,
      entryPoints: ["handler.ts"],
      bundle: true,
      write: false,
      metafile: true,
      platform: "node",
      external: ["@aws-sdk/*", "@smithy/*"],
      logLevel: "error",
    });
    const packages = Object.keys(metafile.inputs).flatMap(
      (input) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input)?.[1] ?? [],
    );
    assert.deepEqual([...new Set(packages)].toSorted(), [
      "@aws-lambda-powertools/commons",
      "@aws-lambda-powertools/metrics",
      "@aws/lambda-invoke-store",
      "@middy/core",
      "@middy/util",
      "middy-segue",
    ]);
  });

  it("runs segue, and says in a line what is missing for it", async () => {
    const { code, stdout } = await segue(["--help"], {}, full.place);
    assert.equal(code, 0);
    assert.match(stdout, /^Usage: segue /);

    const bare = await packed.project([]);
    const command = await segue(["status"], {}, bare.place);
    assert.equal(command.code, 1);
    assert.match(
      command.stderr,
      /^segue: the command needs commander: npm install --save-dev .*\n$/,
    );

    const withoutLocal = await packed.project(COMMAND_PACKAGES);
    const local = await segue(["local"], {}, withoutLocal.place);
    assert.equal(local.code, 1);
    assert.match(
      local.stderr,
      /^segue: segue local needs \S+: npm install --save-dev .*dynalite.*\n$/,
    );
  });

  it("names the CDK where the construct is used without it", async () => {
    const bare = await packed.project([]);
    await bare.write("app.mjs", `import "middy-segue/cdk";`);
    const { code, stderr } = await bare.node("app.mjs");
    assert.equal(code, 1);
    assert.match(
      stderr,
      /Cannot find package '(?:aws-cdk-lib|constructs)' imported from .*middy-segue/,
    );
  });

  it("stands up a CDK app that uses its construct, and runs a function that uses it", async () => {
    await rm(join(full.folder, "cdk.out"), { recursive: true, force: true });
    const { code, stderr } = await full.node("app.ts");
    assert.equal(code, 0, stderr);
    await using cloud = await localCloud("cdk.out", full.place);
    const answer = await cloud.invoke(cloud.outputs["Greetings"]!["Function"]!, { name: "you" });
    assert.equal(answer, '"hello you"');
    const status = await segue(["status", "greetings"], cloud.environment, full.place);
    assert.match(status.stdout, /mode +old, document version 1/);
  });
});

/** As strict as the compiler can be told to be. */
const STRICT = {
  target: "es2024",
  types: ["node"],
  noEmit: true,
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  noPropertyAccessFromIndexSignature: true,
  verbatimModuleSyntax: true,
  allowImportingTsExtensions: true,
};
