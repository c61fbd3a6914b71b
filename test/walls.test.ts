import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { describe, it } from "node:test";

const root = join(import.meta.dirname, "..");
const lib = join(root, "lib");

/** What a module imports, types included: `../mode/mode.ts`, `node:crypto`, `@middy/core`. */
function importsOf(file: string): string[] {
  const source = readFileSync(file, "utf8");
  const pattern = /(?:\bfrom|\bimport)\s*\(?\s*"([^"]+)"/g;
  return [...source.matchAll(pattern)].map(([, specifier]) => specifier!);
}

/** Every module that a module leads to, itself included, and every package on the way. */
function reach(entry: string): { files: Set<string>; packages: Set<string> } {
  const files = new Set<string>();
  const packages = new Set<string>();
  const visit = (file: string) => {
    if (files.has(file)) return;
    files.add(file);
    for (const specifier of importsOf(file)) {
      if (specifier.startsWith(".")) visit(join(dirname(file), specifier));
      else packages.add(specifier);
    }
  };
  visit(entry);
  return { files, packages };
}

const filesIn = (folder: string) => globSync(join(lib, folder, "**/*.ts"));

describe("the walls", () => {
  it("see an import when there is one", () => {
    const { files, packages } = reach(join(lib, "index.ts"));
    assert.ok(files.has(join(lib, "call/read.ts")));
    assert.ok(packages.has("@aws-lambda-powertools/metrics"));
    assert.ok(reach(join(lib, "demo/main.ts")).files.has(join(lib, "local/cloud.ts")));
  });

  for (const entry of ["index.ts", "testing.ts"]) {
    it(`${entry} leads to nothing that a Lambda bundle must not carry`, () => {
      const { files, packages } = reach(join(lib, entry));
      const inside = [...files].map((file) => relative(lib, file).split("/")[0]);
      for (const folder of ["cdk", "cli", "costs", "demo", "local", "report", "rollout", "text"]) {
        assert.ok(!inside.includes(folder), `lib/${folder}`);
      }
      const elsewhere =
        /^(?:aws-cdk-lib|constructs|commander|@clack|d3-|log-update|cli-table3|picocolors)/;
      for (const name of packages) assert.doesNotMatch(name, elsewhere);
    });
  }

  it("loads no fetch at a cold start, which takes as long as all the rest", () => {
    const loadsFetch = (what: string) => {
      const program = `
        await import(process.env.WHAT);
        console.log(process.moduleLoadList.some((name) => name.includes("undici/undici")));`;
      const env = { ...process.env, WHAT: what };
      const args = ["--input-type=module", "--eval", program];
      return execFileSync(process.execPath, args, { env, encoding: "utf8" }).trim();
    };
    assert.equal(loadsFetch("node:http"), "true", "the test would see it");
    assert.equal(loadsFetch(join(lib, "index.ts")), "false");
  });

  for (const folder of ["call", "comparison", "costs", "mode"]) {
    it(`${folder}/ knows no AWS`, () => {
      assert.ok(filesIn(folder).length > 0);
      for (const file of filesIn(folder)) {
        for (const name of reach(file).packages) {
          assert.match(name, /^node:/, `${relative(root, file)} leads to ${name}`);
        }
      }
    });
  }

  it("a report knows no AWS, and nothing but the report draws charts", () => {
    assert.ok(filesIn("report").length > 0);
    for (const file of filesIn("report")) {
      for (const name of reach(file).packages) assert.match(name, /^(?:node:|d3-)/, file);
    }
    for (const file of filesIn("").filter((name) => !name.startsWith(join(lib, "report")))) {
      for (const name of importsOf(file)) assert.doesNotMatch(name, /^d3-/, relative(root, file));
    }
    for (const name of reach(join(lib, "cdk/index.ts")).packages) assert.doesNotMatch(name, /^d3-/);
  });

  it("the gate's decision knows no AWS", () => {
    for (const name of reach(join(lib, "rollout/gate.ts")).packages) assert.match(name, /^node:/);
  });

  it("nothing imports the command", () => {
    for (const file of filesIn("").filter((name) => !name.startsWith(join(lib, "cli")))) {
      for (const name of importsOf(file))
        assert.doesNotMatch(name, /\/cli\//, relative(root, file));
    }
  });

  it("nothing imports the examples or the tests", () => {
    for (const file of filesIn("")) {
      for (const specifier of importsOf(file)) {
        assert.doesNotMatch(specifier, /\/(?:lambdas|test|bin)\//, relative(root, file));
      }
    }
  });
});
