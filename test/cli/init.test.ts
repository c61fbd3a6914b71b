import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { whyNotName } from "../../lib/cli/init/choice.ts";
import { writeNewFiles } from "../../lib/cli/init/write-new-files.ts";
import { localCloud } from "../support/local-command.ts";
import { pack, type Packed, type Project } from "../support/packed.ts";
import { noTerminal, segue, startOnTerminal } from "../support/segue-command.ts";

/** What a project installs that does what `segue init` says. */
const INSTALLED = ["aws-cdk-lib", "constructs", "@types/aws-lambda", "@types/node"];

/** A CDK app of a project that has the files of a migration. */
function app(kind: "read" | "dual-write", folder: string, extension: string, importSuffix: string) {
  const functions = kind === "read" ? ["fn"] : ["fn", "repair"];
  const entries = { fn: "handler", repair: "repair-handler" } as Record<string, string>;
  return `
    import { App, CfnOutput, Stack } from "aws-cdk-lib";
    import { Runtime } from "aws-cdk-lib/aws-lambda";
    import { NodejsFunction } from "aws-cdk-lib/aws-lambda-nodejs";
    import { CustomerIdsMigration } from "./${folder}/construct${importSuffix}";
    const stack = new Stack(new App({ outdir: "cdk.out" }), "Stack");
    const make = (name: string) => new NodejsFunction(stack, name, {
      entry: \`${folder}/\${name}${extension}\`,
      depsLockFilePath: "package.json",
      runtime: Runtime.NODEJS_24_X,
    });
    ${functions.map((name) => `const ${name} = make("${entries[name]}");`).join("\n")}
    new CustomerIdsMigration(stack, "Migration", { ${functions.join(", ")} });
    new CfnOutput(stack, "Function", { value: fn.functionName });
    (stack.node.root as App).synth();`;
}

/** Names that are allowed, and are hard to make a name in code of. */
const HARD_NAMES = ["a", "delete", "promise", "migration", "segue", "a--b-", "x".repeat(64)];

describe("segue init, into projects of all kinds", () => {
  let packed: Packed;
  const newProject = (manifest: object) =>
    packed.project([...packed.optionalPeers, ...INSTALLED], manifest);
  const init = async (project: Project, ...args: string[]) => {
    const ended = await segue(["init", "--yes", ...args], {}, project.place);
    assert.equal(ended.code, 0, ended.stderr);
    return ended.stdout;
  };
  const passes = async (project: Project, test: string) => {
    const { code, stdout } = await project.node("--test", test);
    assert.equal(code, 0, stdout);
    assert.match(stdout, /pass 4\b/);
  };
  const runsOnLocalCloud = async (project: Project, compiledApp: string, event: object) => {
    const { code, stderr } = await project.node(compiledApp);
    assert.equal(code, 0, stderr);
    await using cloud = await localCloud("cdk.out", project.place);
    const answer = await cloud.invoke(cloud.outputs["Stack"]!["Function"]!, event);
    assert.deepEqual(JSON.parse(answer), { item: { amount: 1, ...event } });
    const { stdout } = await segue(["status", "customer-ids"], cloud.environment, project.place);
    assert.match(stdout, /mode +old, document version 1/);
  };

  before(async () => {
    packed = await pack();
  });
  after(() => packed?.close());

  it("ES modules that are compiled, with the options of tsc --init", async () => {
    const project = await newProject({ type: "module" });
    await project.compile("--init");
    const told = await init(project, "--name", "customer-ids");
    assert.match(told, /npx tsx --test customer-ids\/handler\.test\.ts/);
    assert.match(told, /npm install --save-dev .* tsx$/m);
    await project.write("app.ts", app("read", "customer-ids", ".ts", ".js"));
    assert.equal(await project.compile("--outDir", "out"), "");
    await passes(project, "out/customer-ids/handler.test.js");
    await runsOnLocalCloud(project, "out/app.js", { id: "first" });
  });

  it("CommonJS modules that are compiled, with the options of tsc --init", async () => {
    const project = await newProject({});
    await project.compile("--init");
    const told = await init(project, "--name", "customer-ids", "--kind", "dual-write");
    assert.match(told, /npx tsx --test customer-ids\/handler\.test\.mts/);
    await project.write("app.ts", app("dual-write", "customer-ids", ".mts", ".mjs"));
    // The app is a CommonJS module that is written with imports, which is at odds with this one.
    const options = ["--verbatimModuleSyntax", "false", "--outDir", "out"];
    assert.equal(await project.compile(...options), "");
    await passes(project, "out/customer-ids/handler.test.mjs");
    await runsOnLocalCloud(project, "out/app.js", { id: "third", amount: 3 });
  });

  it("sources that are bundled, with options from another file", async () => {
    const project = await newProject({ type: "module" });
    await project.write("src/.gitkeep", "");
    await project.write(
      "options/base.json",
      `{ "compilerOptions": { // Comments and all
        "module": "esnext", "moduleResolution": "bundler", "target": "es2022", "noEmit": true,
        "allowImportingTsExtensions": true, "strict": true, "skipLibCheck": true,
        "exactOptionalPropertyTypes": true, "noUncheckedIndexedAccess": true,
        "noPropertyAccessFromIndexSignature": true, "noImplicitOverride": true,
        "noUnusedLocals": true, "noUnusedParameters": true, "declaration": true, "verbatimModuleSyntax": true, "erasableSyntaxOnly": true,
      } }`,
    );
    await project.write(
      "tsconfig.json",
      `{ "extends": ["./options/base.json"], "include": ["src"] }`,
    );
    const told = await init(project, "--name", "customer-ids", "--kind", "dual-write");
    assert.match(told, /node --test src\/customer-ids\/handler\.test\.ts/);
    assert.equal(await project.compile(), "");
    await passes(project, "src/customer-ids/handler.test.ts");
  });

  it("no tsconfig.json, whatever the migration's name", async () => {
    const project = await newProject({});
    await init(project, "--name", "customer-ids", "--dir", "./functions/new customers");
    await Promise.all(
      HARD_NAMES.map((name) => init(project, "--name", name, "--kind", "dual-write")),
    );
    await passes(project, "functions/new customers/handler.test.mts");
    await passes(project, "delete/handler.test.mts");
    const options = ["--strict", "--noEmit", "--skipLibCheck", "--allowImportingTsExtensions"];
    const files = (await readdir(project.folder, { recursive: true })).filter(
      (file) => file.endsWith(".mts") && !file.startsWith("node_modules"),
    );
    assert.equal(files.length, 6 + 7 * HARD_NAMES.length);
    const module = ["--module", "nodenext", "--target", "es2024"];
    assert.equal(await project.compile(...options, ...module, ...files), "");
  });
});

describe("segue init", () => {
  let folder: string;
  const run = (...args: string[]) => segue(["init", folder, ...args], {});
  const files = async () =>
    (await readdir(folder, { recursive: true })).toSorted((a, b) => a.localeCompare(b));

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "segue-init-"));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  const manifest = (content: object) =>
    writeFile(join(folder, "package.json"), JSON.stringify(content));

  it("takes a migration's name, and nothing else", () => {
    for (const name of [
      "1st",
      "-",
      "né",
      "Upper",
      "a/b",
      "it's",
      "$(id)",
      "__proto__",
      "a\u0000",
    ]) {
      assert.match(whyNotName(name) ?? "", /^--name: got /, name);
    }
    for (const name of HARD_NAMES) assert.equal(whyNotName(name), undefined);
  });

  it("says in one line what is wrong, and writes nothing", async () => {
    const refused: [args: string[], code: number, message: RegExp][] = [
      ...["../x", "", 'say "it\'s"', "two words\n\u001b[2J", "x".repeat(65)].map(
        (name): (typeof refused)[number] => [
          [`--name=${name}`, "--yes"],
          2,
          /--name: got .*, allowed is lower-case letters, digits and dashes, a letter first, at most 64 /,
        ],
      ),
      [["--name", "x", "--yes", "--kind", "write"], 2, /Allowed choices are read, dual-write/],
      [
        ["--name", "x", "--yes", "--dir", "../y"],
        2,
        /--dir: got \.\.\/y, allowed is a folder within/,
      ],
      [["--name", "x", "--yes", "--dir", "/etc/y"], 2, /--dir: got \/etc\/y, allowed is a folder/],
      [
        ["--name", "x", "--yes", "--dir", "package.json"],
        1,
        /package\.json.*; nothing was written$/,
      ],
      [["--name", "x", "--yes", "--dir", "package.json/x"], 1, /ENOTDIR.*; nothing was written$/],
      [["--yes"], 2, /: a migration has a name: pass --name$/],
      [["--name", "x"], 2, /: there is no terminal to ask on: pass --yes$/],
    ];
    await manifest({ type: "module" });
    const there = await files();
    const check = async ([args, code, message]: (typeof refused)[number]) => {
      const { stderr, stdout, ...ended } = await run(...args);
      assert.equal(ended.code, code, stderr);
      assert.equal(stdout, "");
      assert.match(stderr.trimEnd(), message);
      assert.match(stderr, /^segue: [\P{Cc}]*\n$/u);
    };
    // Some at a time: each is a process.
    while (refused.length > 0) await Promise.all(refused.splice(0, 4).map(check));
    assert.deepEqual(await files(), there);
  });

  it("wants a project that it can read", async () => {
    for (const [file, text, message] of [
      ["package.json", "{", /package\.json: .*JSON/],
      ["package.json", "null", /package\.json: it is not an object/],
      ["tsconfig.json", `{ "extends": "./nowhere.json" }`, /nowhere/],
    ] as const) {
      await manifest({});
      await writeFile(join(folder, file), text);
      const { code, stderr } = await run("--name", "x", "--yes");
      assert.equal(code, 1, stderr);
      assert.match(stderr, message);
      assert.match(stderr, /^segue: .*\n$/);
      await rm(join(folder, file));
    }
    await rm(join(folder, "package.json"));
    const { code, stderr } = await run("--name", "x", "--yes");
    assert.equal(code, 1, stderr);
    assert.match(
      stderr,
      /^segue: .*: no package\.json there: run "npm init" first, or name the project/,
    );
    assert.deepEqual(await files(), []);
  });

  it("never overwrites: what is there stays, and nothing comes beside it", async () => {
    await manifest({ type: "module" });
    const mine = join(folder, "lib", "x");
    await mkdir(mine, { recursive: true });
    await writeFile(join(mine, "construct.ts"), "mine");
    const there = await files();
    const refused = await run("--name", "x", "--yes");
    assert.equal(refused.code, 1);
    assert.match(
      refused.stderr,
      /^segue: .*lib\/x\/construct\.ts is there already; nothing was written\n$/,
    );
    assert.deepEqual(await files(), there);
    assert.equal(await readFile(join(mine, "construct.ts"), "utf8"), "mine");

    // A link that leads nowhere yet is no way out of the folder either.
    await rm(join(mine, "construct.ts"));
    const elsewhere = join(folder, "elsewhere");
    await symlink(elsewhere, join(mine, "v2.ts"));
    assert.match((await run("--name", "x", "--yes")).stderr, /v2\.ts is there already/);
    assert.deepEqual(await readdir(mine), ["v2.ts"]);
    await rm(join(mine, "v2.ts"));

    const runs = await Promise.all([1, 2, 3].map(() => run("--name", "x", "--yes")));
    assert.equal(runs.filter(({ code }) => code === 0).length, 1, "of several at once one writes");
    assert.equal((await readdir(mine)).length, 6);
    await rm(join(folder, "lib"), { recursive: true });
  });

  it("leaves nothing behind where it fails on the way, but what others have put there", async () => {
    const [one, two] = ["one", "two"].map((name) => ({ name, text: name, about: "" }));
    const target = join(folder, "new", "deep");
    await assert.rejects(writeNewFiles(target, [one!, two!, one!]), { code: "EEXIST" });
    assert.deepEqual(await files(), ["package.json"]);
    const theirs = { name: "theirs", text: "", about: "" };
    // Another one's file, at the worst moment.
    Object.defineProperty(theirs, "text", {
      get: () => (writeFileSync(join(target, "x"), ""), ""),
    });
    await assert.rejects(writeNewFiles(target, [theirs, theirs]), { code: "EEXIST" });
    assert.deepEqual(await readdir(target), ["x"]);
    await rm(join(folder, "new"), { recursive: true });
  });

  it("goes by the options that are above the project, where several share them", async () => {
    const project = join(folder, "services", "orders");
    await mkdir(project, { recursive: true });
    await writeFile(join(folder, "tsconfig.json"), "{}");
    await writeFile(join(project, "package.json"), `{ "type": "module" }`);
    const { code, stderr } = await segue(["init", project, "--name", "x", "--yes"], {});
    assert.equal(code, 0, stderr);
    assert.match(await readFile(join(project, "x", "migration.ts"), "utf8"), /from "\.\/v1\.js"/);
    await rm(join(folder, "services"), { recursive: true });
    await rm(join(folder, "tsconfig.json"));
  });

  it("tells what to install of what is missing", async () => {
    await manifest({
      type: "module",
      dependencies: { "middy-segue": "*", "@middy/core": "*", constructs: "*" },
      devDependencies: { "@types/node": "*", esbuild: "*" },
    });
    const { stdout } = await run("--name", "x", "--yes");
    assert.doesNotMatch(stdout, /npm install [^-]/);
    assert.match(stdout, /npm install --save-dev @types\/aws-lambda aws-cdk-lib$/m);
    assert.match(stdout, /npx cdk synth && npx segue local$/m);
    await rm(join(folder, "x"), { recursive: true });
  });

  it("asks on a terminal, until it has an answer that will do", { skip: noTerminal }, async () => {
    await manifest({ type: "module" });
    const { child, says, ended } = startOnTerminal(["init", folder], {});
    await says("The migration's name");
    child.stdin!.write("Not This\r");
    await says("lower-case letters");
    child.stdin!.write(`${"\u007f".repeat("Not This".length)}orders\r`);
    await says("What does the handler do?");
    child.stdin!.write("\u001b[B\r");
    await says("The files' folder?");
    child.stdin!.write("\r");
    const { code, stdout } = await ended;
    assert.equal(code, 0, stdout);
    assert.match(stdout, /orders\/repair-handler\.ts/);
    assert.equal((await readdir(join(folder, "orders"))).length, 7);
    await rm(join(folder, "orders"), { recursive: true });
  });

  it("takes Ctrl-C for a no", { skip: noTerminal }, async () => {
    await manifest({ type: "module" });
    const { child, says, ended } = startOnTerminal(["init", folder, "--name", "orders"], {});
    await says("What does the handler do?");
    child.stdin!.write("\u0003");
    const { code, stdout } = await ended;
    assert.equal(code, 5, stdout);
    assert.match(stdout, /nothing was done/);
    assert.deepEqual(await files(), ["package.json"]);
  });
});
