import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import { existsSync, globSync, readFileSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, it } from "node:test";
import { promisify } from "node:util";
import * as appconfig from "@aws-sdk/client-appconfig";
import * as dynamodb from "@aws-sdk/client-dynamodb";
import * as lambda from "@aws-sdk/client-lambda";
import { App, Stack } from "aws-cdk-lib";
import { Template } from "aws-cdk-lib/assertions";
import { CustomerIdsStack } from "../lambdas/customer-ids/stack.ts";
import { PaymentsStack } from "../lambdas/payments/stack.ts";
import { Migration } from "../lib/cdk/index.ts";

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

/** Clients of the services whose commands the AWS CLI makes from the same models. */
const CLIENTS: Readonly<Record<string, Readonly<Record<string, any>>>> = {
  appconfig,
  dynamodb,
  lambda,
};

/** Flags of the AWS CLI that every command has, and those of its paging. */
const COMMON_FLAGS = ["cli-binary-format", "max-items", "output", "query"];

/** `start-deployment` as the SDK has it: `StartDeployment`. */
function pascal(name: string): string {
  return name.replace(/(?:^|-)(.)/g, (_, letter: string) => letter.toUpperCase());
}

/** Calls of the AWS CLI in a shell script: service, command, and the names of its flags. */
function cliCalls(script: string) {
  const statements = script.replaceAll("\\\n", " ").split("\n");
  return statements.flatMap((statement) =>
    statement.split(/(?=\baws [a-z]+ [a-z])/).flatMap((part) => {
      const [, service, command, rest] = /^aws ([a-z]+) ([a-z-]+)(.*)/.exec(part) ?? [];
      if (service === undefined) return [];
      return [
        {
          service,
          command: command!,
          flags: [...rest!.matchAll(/ --([a-z-]+)/g)].map(([, flag]) => flag!),
        },
      ];
    }),
  );
}

/** A stack's template, without what a bundler would have to do for it. */
const context = { "aws:cdk:bundling-stacks": [] };

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

  it("has shell that parses", () => {
    for (const page of pages) {
      for (const script of blocks(page, "sh")) {
        const { status, stderr } = spawnSync("bash", ["-n"], { input: script, encoding: "utf8" });
        assert.equal(status, 0, `${page}: ${stderr}${script}`);
      }
    }
  });

  it("has commands of the AWS CLI that are there, with flags that they have", () => {
    const calls = pages
      .flatMap((page) => blocks(page, "sh"))
      .flatMap(cliCalls)
      .filter(({ service }) => service in CLIENTS);
    assert.ok(calls.length >= 10);
    for (const { service, command, flags } of calls) {
      const client = CLIENTS[service]!;
      assert.ok(client[`${pascal(command)}Command`], `aws ${service} ${command}`);
      const input = inputOf(client, pascal(command));
      const known = [...input.map((member) => member.toLowerCase()), ...COMMON_FLAGS];
      for (const flag of flags) {
        const isKnown = known.includes(flag) || known.includes(flag.replaceAll("-", ""));
        assert.ok(isKnown, `aws ${service} ${command} --${flag}`);
      }
    }
  });

  it("names outputs that the examples' stacks have", () => {
    const app = new App({ context });
    const outputs = [new CustomerIdsStack(app, "CustomerIds"), new PaymentsStack(app, "Payments")]
      .map((stack) => Template.fromStack(stack).findOutputs("*"))
      .flatMap((found) => Object.keys(found));
    // What the pages say how to come by.
    const known = [...outputs, "Number", "Migration"];
    for (const page of ["docs/deploying.md", "docs/runbook.md"]) {
      for (const script of blocks(page, "sh")) {
        for (const [, name] of script.matchAll(/\$([A-Z][a-z]\w*)/g)) {
          assert.ok(known.includes(name!), `${page}: $${name}`);
        }
      }
    }
  });

  it("has a section in the runbook for each alarm, and links that lead to sections", () => {
    const stack = new Stack(new App({ context }), "Stack");
    const runbookUrl = "https://example.org/runbook";
    new Migration(stack, "Migration", { migrationName: "things", dualWrites: true, runbookUrl });
    const alarms = Object.values(Template.fromStack(stack).toJSON().Resources)
      .map(({ Properties }: any) => Properties?.AlarmDescription as string | undefined)
      .filter((description) => description !== undefined);
    assert.equal(alarms.length, 9);
    for (const description of alarms) {
      const section = description.split("#").at(-1)!;
      assert.ok(sections("docs/runbook.md").includes(section), section);
    }
    for (const page of pages) {
      for (const [, target, section] of read(page).matchAll(/\]\((?!https?:)([^)#]*)#([^)]+)\)/g)) {
        const where = target === "" ? page : join(dirname(page), target!);
        assert.ok(sections(where).includes(section!), `${page}: ${target}#${section}`);
      }
    }
  });
});

/** A page's sections, as links name them. */
function sections(page: string): string[] {
  return [...read(page).matchAll(/^#+ (.*)$/gm)].map(([, head]) =>
    head!
      .toLowerCase()
      .replaceAll(/[^\w\s-]/g, "")
      .replaceAll(" ", "-"),
  );
}

/** The members of an operation's input, by the SDK's schemas. */
function inputOf(client: Readonly<Record<string, any>>, operation: string): readonly string[] {
  const OPERATION_INPUT = 4;
  const STRUCTURE_MEMBERS = 4;
  return client[`${operation}$`][OPERATION_INPUT]()[STRUCTURE_MEMBERS];
}
