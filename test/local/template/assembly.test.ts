import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { readAssembly, selectStacks } from "../../../lib/local/template/assembly.ts";

function assemblyOf(t: TestContext, files: Record<string, unknown>): string {
  const directory = mkdtempSync(join(tmpdir(), "segue-test-"));
  t.after(() => rmSync(directory, { recursive: true }));
  for (const [name, content] of Object.entries(files)) {
    writeFileSync(join(directory, name), JSON.stringify(content));
  }
  return directory;
}
const stack = (id: string, dependencies: string[] = [], stackName?: string) => ({
  type: "aws:cloudformation:stack",
  properties: { templateFile: `${id}.template.json`, stackName },
  dependencies: [`${id}.assets`, ...dependencies],
});
const threeStacks = {
  "manifest.json": {
    artifacts: {
      App: stack("App", ["Data"]),
      "App.assets": { type: "cdk:asset-manifest", properties: { file: "App.assets.json" } },
      Data: stack("Data", [], "prod-data"),
      Other: stack("Other"),
      Tree: { type: "cdk:tree", properties: { file: "tree.json" } },
    },
  },
  "App.template.json": { Resources: { A: { Type: "Thing" } } },
  "Data.template.json": {},
  "Other.template.json": {},
  "App.assets.json": {
    files: {
      abc: {
        source: { path: "asset.abc", packaging: "zip" },
        destinations: { here: { bucketName: "b", objectKey: "abc.zip" } },
      },
      exe: {
        source: { executable: ["make"] },
        destinations: { here: { bucketName: "b", objectKey: "exe.zip" } },
      },
    },
  },
};

test("reads stacks in dependency order, and assets", (t) => {
  const directory = assemblyOf(t, threeStacks);
  const assembly = readAssembly(directory);
  assert.deepEqual(
    assembly.stacks.map(({ name }) => name),
    ["prod-data", "App", "Other"],
  );
  assert.deepEqual(assembly.stacks[1]!.template.Resources, { A: { Type: "Thing" } });
  assert.equal(assembly.asset("abc.zip"), join(directory, "asset.abc"));
  assert.equal(assembly.asset("exe.zip"), undefined);
});

test("selects stacks with those that they depend on", (t) => {
  const assembly = readAssembly(assemblyOf(t, threeStacks));
  const names = (...selected: string[]) => selectStacks(assembly, selected).map(({ name }) => name);
  assert.deepEqual(names("App"), ["prod-data", "App"]);
  assert.deepEqual(names("Data"), ["prod-data"]);
  assert.deepEqual(names("prod-data", "Other"), ["prod-data", "Other"]);
  assert.throws(
    () => names("Nobody"),
    /stacks: got Nobody, the assembly has prod-data, App, Other/,
  );
});

test("refuses what is no assembly of stacks", (t) => {
  assert.throws(() => readAssembly("/nowhere"), /\/nowhere: no manifest\.json/);
  const empty = assemblyOf(t, { "manifest.json": { artifacts: {} } });
  assert.throws(() => readAssembly(empty), /no stack in this assembly/);
  const staged = assemblyOf(t, {
    "manifest.json": {
      artifacts: {
        Prod: { type: "cdk:cloud-assembly", properties: { directoryName: "assembly-Prod" } },
      },
    },
  });
  assert.throws(
    () => readAssembly(staged),
    /Prod is a stage; open its own assembly, .*assembly-Prod/,
  );
});
