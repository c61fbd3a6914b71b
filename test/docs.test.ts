import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync, globSync, readFileSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, it } from "node:test";
import { promisify } from "node:util";

const root = join(import.meta.dirname, "..");
const pages = [
  "README.md",
  "CONTRIBUTING.md",
  "CHANGELOG.md",
  ...globSync("{docs,lib}/**/*.md", { cwd: root }),
];
const read = (page: string) => readFileSync(join(root, page), "utf8");

/** The code blocks of a language in a page. */
function blocks(page: string, language: string): string[] {
  const pattern = new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, "gms");
  return [...read(page).matchAll(pattern)].map(([, code]) => code!);
}

describe("the documentation", () => {
  it("has TypeScript that compiles", async () => {
    // Inside the project, so that packages are found as they are from a user's own.
    const folder = join(root, "node_modules", ".cache", "segue-docs");
    const snippets = pages.flatMap((page) => blocks(page, "ts"));
    assert.ok(snippets.length >= 2);
    await mkdir(folder, { recursive: true });
    try {
      const files = snippets.map((_, index) => `snippet-${index}.ts`);
      await Promise.all(
        snippets.map((code, index) =>
          writeFile(join(folder, files[index]!), `${code}\nexport {};\n`),
        ),
      );
      await writeFile(
        join(folder, "tsconfig.json"),
        JSON.stringify({
          extends: join(root, "tsconfig.json"),
          compilerOptions: {
            paths: {
              "middy-segue": [join(root, "lib/index.ts")],
              "middy-segue/cdk": [join(root, "lib/cdk/index.ts")],
              "middy-segue/testing": [join(root, "lib/testing.ts")],
            },
          },
          include: [],
          files,
        }),
      );
      const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
      const { stdout } = await promisify(execFile)(process.execPath, [tsc, "-p", folder]).catch(
        (error: { stdout: string }) => error,
      );
      assert.equal(stdout, "");
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it("has links that lead somewhere", () => {
    for (const page of pages) {
      for (const [, target] of read(page).matchAll(/\]\((?!https?:)([^)#]+)/g)) {
        assert.ok(existsSync(join(root, dirname(page), target!)), `${page}: ${target}`);
      }
    }
  });

  it("is right that the scripts run on Node 24, whatever the machine has", () => {
    assert.match(process.version, /^v24\./);
  });

  it("names npm scripts that are there, and CI runs the README's command", () => {
    const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };
    for (const page of pages) {
      for (const [, script] of read(page).matchAll(/npm run ([\w:]+)/g)) {
        assert.ok(scripts[script!], `${page}: npm run ${script}`);
      }
    }
    const command = blocks("README.md", "sh").find((block) => block.includes("npm test"));
    assert.ok(
      read(".ci/run")
        .split("\n")
        .some((line) => line.startsWith(command!.trimEnd())),
    );
  });
});
