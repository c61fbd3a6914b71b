import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { openStateFolder, type StateFolder } from "../../../lib/local/state/folder.ts";

function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "segue-state-"));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

async function using<T>(path: string, task: (folder: StateFolder) => Promise<T> | T): Promise<T> {
  const folder = await openStateFolder(path);
  try {
    return await task(folder);
  } finally {
    await folder.close();
  }
}

/** A folder in which something is kept. */
async function filledFolder(t: TestContext): Promise<string> {
  const path = temporaryFolder(t);
  await using(path, async (folder) => {
    folder.keep("a", () => 1);
    await folder.begin(() => "me");
  });
  return path;
}

test("gives back what was kept, with all that structured clone knows", async (t) => {
  const path = join(temporaryFolder(t), "made", "for it");
  const shared = { content: new Uint8Array([1, 2]) };
  const value = { map: new Map([["k", shared]]), again: shared, nothing: undefined, far: Infinity };
  await using(path, async (folder) => {
    assert.equal(folder.left("value"), undefined);
    folder.keep("value", () => value);
    await folder.begin(() => "me");
    folder.keep("list/b", () => 2);
    folder.keep("list/a", () => 1);
    folder.keep("later", () => "forgotten");
    await folder.written();
    folder.forget("later");
  });
  await using(path, (folder) => {
    const left = folder.left("value") as typeof value;
    assert.deepEqual(
      { ...left, map: left.map.get("k")!.content.length },
      { ...value, again: left.again, map: 2 },
    );
    assert.equal(left.map.get("k"), left.again);
    assert.deepEqual(folder.leftUnder("list/"), [1, 2]);
    assert.equal(folder.left("later"), undefined);
    assert.equal(folder.left("identity"), "me");
  });
});

test("writes nothing before it begins, and a value as it is when it is written", async (t) => {
  const path = await filledFolder(t);
  await using(path, (folder) => folder.keep("a", () => 2));
  await using(path, async (folder) => {
    assert.equal(folder.left("a"), 1);
    let value = 3;
    let asked = 0;
    for (let count = 0; count < 3; count++) folder.keep("a", () => (asked++, value));
    value = 4;
    await folder.begin(() => "me");
    assert.equal(asked, 1);
  });
  await using(path, (folder) => assert.equal(folder.left("a"), 4));
});

test("writes what nobody waits for, too", async (t) => {
  const path = await filledFolder(t);
  await using(path, async (folder) => {
    await folder.begin(() => "me");
    const asked = Promise.withResolvers<void>();
    folder.keep("a", () => (asked.resolve(), 2));
    await asked.promise;
  });
  await using(path, (folder) => assert.equal(folder.left("a"), 2));
});

test("a write that fails is told, and made up for by the next", async (t) => {
  const path = await filledFolder(t);
  await using(path, async (folder) => {
    await folder.begin(() => "me");
    let value: unknown = () => "no clone of it";
    folder.keep("a", () => value);
    folder.keep("b", () => 2);
    await assert.rejects(folder.written(), /could not be cloned/);
    value = 3;
    await folder.written();
  });
  await using(path, (folder) => {
    assert.deepEqual([folder.left("a"), folder.left("b")], [3, 2]);
  });
});

test("is one cloud's at a time", async (t) => {
  const path = await filledFolder(t);
  await using(path, async () => {
    await assert.rejects(openStateFolder(path), {
      message: `${path}: another local cloud has this state in use`,
    });
  });
  await using(path, (folder) => assert.equal(folder.left("a"), 1));
});

test("leaves a folder alone that is somebody else's, but for hidden files", async (t) => {
  const path = temporaryFolder(t);
  writeFileSync(join(path, ".gitignore"), "*");
  await using(path, () => {});
  writeFileSync(join(path, "thesis.txt"), "irreplaceable");
  const before = readdirSync(path);
  await assert.rejects(openStateFolder(path), {
    message: `${path}: has thesis.txt in it, so it's no folder of the local cloud's state`,
  });
  assert.deepEqual(readdirSync(path), before);
  await assert.rejects(openStateFolder(join(path, "thesis.txt")), /ENOTDIR/);
});

test(
  "says so where no folder can be made",
  { skip: !existsSync("/proc/self") && "no /proc here" },
  async () => {
    await assert.rejects(openStateFolder("/proc/segue"), {
      message: /^ENOENT: .*mkdir '\/proc\/segue'$/,
    });
  },
);

/** What of LevelDB's files has content of its own. */
const dataIn = (path: string) =>
  readdirSync(join(path, "cloud"))
    .filter((name) => !/^LO(?:CK|G)/.test(name))
    .map((name) => [name, readFileSync(join(path, "cloud", name), "base64")]);

for (const [what, damage] of [
  ["CURRENT is garbage", (cloud) => writeFileSync(join(cloud, "CURRENT"), "garbage")],
  ["CURRENT is missing", (cloud) => rmSync(join(cloud, "CURRENT"))],
  [
    "the manifest is garbage",
    (cloud) => {
      const manifest = readdirSync(cloud).find((name) => name.startsWith("MANIFEST"))!;
      writeFileSync(join(cloud, manifest), "garbage of some length");
    },
  ],
] as const satisfies [string, (cloud: string) => void][]) {
  test(`says that it can't read a state, and deletes nothing: ${what}`, async (t) => {
    const path = await filledFolder(t);
    damage(join(path, "cloud"));
    const before = dataIn(path);
    await assert.rejects(openStateFolder(path), (error: Error) => {
      assert.ok(
        error.message.startsWith(`${path}: this state can't be read, use another folder (`),
      );
      assert.doesNotMatch(error.message, /\n/);
      return true;
    });
    assert.deepEqual(dataIn(path), before);
  });
}

test("doesn't read what another version has written, nor what lost its beginning", async (t) => {
  for (const [change, message] of [
    [(folder: StateFolder) => folder.keep("format", () => 0), /another version's of segue/],
    [(folder: StateFolder) => folder.forget("format"), /its beginning is missing/],
  ] as const) {
    const path = await filledFolder(t);
    await using(path, async (folder) => {
      await folder.begin(() => "me");
      change(folder);
    });
    await assert.rejects(openStateFolder(path), message);
    // And lets go of it.
    await assert.rejects(openStateFolder(path), message);
  }
});

test("what was written together is there together, whenever the process is killed", async (t) => {
  const path = temporaryFolder(t);
  const module = import.meta.resolve("../../../lib/local/state/folder.ts");
  const source = `
    import { openStateFolder } from ${JSON.stringify(module)};
    const folder = await openStateFolder(process.argv[1]);
    let count = folder.left("left") ?? 0;
    folder.keep("left", () => count);
    folder.keep("right", () => count);
    await folder.begin(() => count);
    for (;;) {
      count += 1;
      folder.keep("left", () => count);
      folder.keep("padding", () => "x".repeat(count % 5_000));
      folder.keep("right", () => count);
      await folder.written();
      process.stdout.write(count + "\\n");
    }`;
  for (let round = 1; round <= 5; round++) {
    const child = spawn(process.execPath, ["--input-type=module", "--eval", source, path], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    t.after(() => child.kill("SIGKILL"));
    let said = "";
    child.stdout.setEncoding("utf8");
    for await (const text of child.stdout) {
      said += text;
      if (said.split("\n").length > 40 * round) child.kill("SIGKILL");
    }
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
    const lines = said.split("\n");
    const answered = Number(lines.at(-2));
    await using(path, (folder) => {
      const [left, right, identity] = ["left", "right", "identity"].map((key) => folder.left(key));
      assert.equal(left, right);
      assert.equal(left, identity);
      assert.ok(Number(left) >= answered, `${String(left)} of ${answered}`);
    });
  }
});
