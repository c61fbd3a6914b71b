import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { isStopped, until } from "../local/lambda/harness.ts";
import { interpose, setUpEarly } from "./early.ts";

const HANDLER = `
export const handler = middy().use(early()).handler(async (url, context) => {
  await migration.client(context).get(url);
  return process.pid;
});`;

for (const format of ["esm", "cjs"] as const) {
  test(`the caller has its answer while the secondary is still under way (${format})`, async (t) => {
    const { invoke, v2, stored, printed } = await setUpEarly(t, HANDLER, {}, { format });
    for (let count = 1; count <= 3; count++) {
      const { result: pid, $metadata } = await invoke(v2.url);
      assert.equal(typeof pid, "number");
      await v2.asked();
      assert.ok(!isStopped(pid), "it is held");
      v2.answer();
      await until("it is frozen", () => isStopped(pid));
      assert.deepEqual(stored($metadata.requestId), ["match"]);
      const metrics = printed().filter((line) => line.includes('"DrainedEarly"'));
      assert.equal(metrics.length, count);
      assert.match(metrics.at(-1)!, /"Held":/);
    }
  });
}

test("all is stored and printed when it freezes, whatever V2's time", async (t) => {
  const { invoke, stored, sumOf } = await setUpEarly(
    t,
    `const slow = defineMigration({
      name: "things",
      v1: { get: async () => "ok" },
      v2: { get: (ms) => new Promise((resolve) => setTimeout(resolve, ms, "ok")) },
      operations: { get: { kind: "read" } },
    });
    export const handler = middy().use(early({}, slow)).handler(async (ms, context) => {
      await slow.client(context).get(ms);
      return process.pid;
    });`,
  );
  for (let count = 1; count <= 30; count++) {
    const { result: pid, $metadata } = await invoke(count % 6);
    await until("it is frozen", () => isStopped(pid));
    assert.deepEqual(stored($metadata.requestId), ["match"]);
    await until("Comparisons is counted", () => sumOf("Comparisons") === count);
    await until("RecordsStored is counted", () => sumOf("RecordsStored") === count);
    await until("DrainedEarly is counted", () => sumOf("DrainedEarly") === count);
  }
  assert.equal(sumOf("DrainedInline"), 0);
});

test("primary-first: a V2 that keeps the thread keeps the caller of one read from nothing", async (t) => {
  const directory = await mkdtemp(join(tmpdir(), "segue-test-"));
  t.after(() => rm(directory, { recursive: true }));
  const { invoke, stored } = await setUpEarly(
    t,
    `import { existsSync } from "node:fs";
    const busy = defineMigration({
      name: "things",
      v1: { get: async () => true },
      v2: { get: async (file) => {
        const givesUpAt = Date.now() + 10_000;
        while (!existsSync(file) && Date.now() < givesUpAt);
        return existsSync(file);
      } },
      operations: { get: { kind: "read", order: "primary-first" } },
    });
    export const handler = middy().use(early({}, busy)).handler(async (file, context) => {
      await busy.client(context).get(file);
      return process.pid;
    });`,
  );
  for (let count = 1; count <= 3; count++) {
    const file = join(directory, String(count));
    const { result: pid, $metadata } = await invoke(file);
    await writeFile(file, "the caller has its answer");
    await until("it is frozen", () => isStopped(pid));
    assert.deepEqual(stored($metadata.requestId), ["match"]);
  }
});

test("an invocation with nothing to wait for isn't held, and its counts are out", async (t) => {
  const { invoke, sumOf } = await setUpEarly(
    t,
    `export const handler = middy().use(early({ modeSource: fixedMode("old") })).handler(
      async (url, context) => {
        await migration.client(context).get(url);
        return process.pid;
      });`,
  );
  const { result: pid } = await invoke();
  await until("it is frozen", () => isStopped(pid));
  await until("V1Calls is counted", () => sumOf("V1Calls") === 1);
  assert.equal(sumOf("DrainedEarly") + sumOf("DrainedInline"), 0);
});

test("the extension's event after the handler has ended", async (t) => {
  const gates: (() => void)[] = [];
  const proxy = await interpose(t, (path) =>
    path.endsWith("/next") ? new Promise<void>((open) => gates.push(open)) : undefined,
  );
  const { invoke, v2, stored } = await setUpEarly(
    t,
    `process.env.AWS_LAMBDA_RUNTIME_API = "${proxy}/" + process.env.AWS_LAMBDA_RUNTIME_API;${HANDLER}`,
  );
  for (const letGo of ["while V2 is asked", "when all is done"]) {
    const { result: pid, $metadata } = await invoke(v2.url);
    await v2.asked();
    if (letGo === "while V2 is asked") gates.shift()!();
    v2.answer();
    await until("it is stored", () => stored($metadata.requestId).length === 1);
    if (letGo === "when all is done") gates.shift()!();
    await until("it is frozen", () => isStopped(pid));
  }
});

test("a connection to the platform that breaks is made again", async (t) => {
  let asked = 0;
  const proxy = await interpose(t, (path, outgoing) => {
    if (!path.endsWith("/next") || ++asked !== 2) return undefined;
    outgoing.destroy();
    return "answered";
  });
  const { invoke, v2, sumOf } = await setUpEarly(
    t,
    `process.env.AWS_LAMBDA_RUNTIME_API = "${proxy}/" + process.env.AWS_LAMBDA_RUNTIME_API;${HANDLER}`,
  );
  for (let count = 1; count <= 2; count++) {
    const { result: pid } = await invoke(v2.url);
    await v2.asked();
    v2.answer();
    await until("it is frozen", () => isStopped(pid));
  }
  await until("DrainedEarly is counted", () => sumOf("DrainedEarly") === 2);
  assert.ok(asked >= 4);
});

test("a platform that can't be asked for a while: no invocation times out, responses wait from then on", async (t) => {
  let broken = 0;
  const proxy = await interpose(t, (path, outgoing) => {
    if (!path.endsWith("/next") || broken === 0) return undefined;
    broken--;
    outgoing.destroy();
    return "answered";
  });
  const { invoke, v2, printed, stored, sumOf } = await setUpEarly(
    t,
    `process.env.AWS_LAMBDA_RUNTIME_API = "${proxy}/" + process.env.AWS_LAMBDA_RUNTIME_API;${HANDLER}`,
  );
  const { result: pid } = await invoke(v2.url);
  broken = 4;
  await v2.asked();
  v2.answer();
  await until("it is frozen", () => isStopped(pid));
  const said = printed().filter((line) => line.includes("responses wait"));
  assert.equal(said.length, 1);
  for (let count = 2; count <= 3; count++) {
    const invoking = invoke(v2.url);
    await v2.asked();
    v2.answer();
    const next = await invoking;
    assert.equal(next.result, pid);
    assert.deepEqual(stored(next.$metadata.requestId), ["match"]);
    await until("it is frozen again", () => isStopped(pid));
  }
  await until("DrainedEarly is counted", () => sumOf("DrainedEarly") === 1);
  await until("DrainedInline is counted", () => sumOf("DrainedInline") === 2);
  assert.deepEqual([sumOf("DrainedEarly"), sumOf("DrainedInline")], [1, 2]);
});
