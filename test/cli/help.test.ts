import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { segue } from "../support/segue-command.ts";

const manifest = JSON.parse(
  readFileSync(join(import.meta.dirname, "..", "..", "package.json"), "utf8"),
);
const page = readFileSync(join(import.meta.dirname, "..", "..", "docs", "commands.md"), "utf8");

it("the version is the package's", async () => {
  const { code, stdout } = await segue(["--version"], {});
  assert.deepEqual([code, stdout], [0, `${manifest.version}\n`]);
});

describe("the help", () => {
  it("of each command is what the documentation shows, and has examples", async () => {
    const overview = await segue(["--help"], {});
    const commands = Array.from(
      overview.stdout.matchAll(/^ {2}(\w+) \[options\]/gm),
      ([, name]) => name!,
    );
    assert.equal(commands.length, 11);
    const helps = await Promise.all(commands.map((name) => segue([name, "--help"], {})));
    for (const { code, stdout } of [overview, ...helps]) {
      assert.equal(code, 0);
      assert.match(stdout, /^Examples:$/m);
      assert.ok(page.includes(`\`\`\`text\n${stdout.trimEnd()}\n\`\`\``), stdout);
    }
  });
});
