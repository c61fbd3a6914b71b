import assert from "node:assert/strict";
import { test } from "node:test";
import type { KeptResource } from "../../../lib/local/service.ts";
import type { CloudState } from "../../../lib/local/state/cloud-state.ts";
import { keptResources } from "../../../lib/local/state/resources.ts";

type Template = Readonly<Record<string, { type?: string; properties?: object }>>;

/** Stands a template up time and again; tells what was done, in order. */
function setUp() {
  const values = new Map<string, unknown>();
  let made = 0;
  const run = async (templates: Readonly<Record<string, Template>>): Promise<string[]> => {
    const done: string[] = [];
    const written = new Map<string, () => unknown>();
    const state: CloudState = {
      left: (key) => structuredClone(values.get(key)),
      leftUnder: () => [],
      keep: (key, value) => void written.set(key, value),
      forget() {},
    };
    const resources = keptResources(state);
    const remove = ({ created: { ref } }: KeptResource) => void done.push(`remove ${ref}`);
    const make = (properties: Readonly<Record<string, any>>) => {
      const ref = String(properties["name"] ?? `made-${++made}`);
      done.push(`make ${ref}`);
      return { ref };
    };
    const update = (kept: KeptResource, properties: Readonly<Record<string, any>>) => {
      if (properties["replaced"] === true) return make(properties);
      done.push(`update ${kept.created.ref}`);
      return kept.created;
    };
    const makers = {
      Thing: resources.maker("Thing", make, { update, remove }),
      Other: resources.maker("Other", make, { update, remove }),
      Standing: resources.maker("Standing", make, { remove }),
    };
    for (const [stackName, template] of Object.entries(templates)) {
      for (const [logicalId, { type = "Thing", properties = {} }] of Object.entries(template)) {
        const site = { stackName, logicalId, region: "us-east-1", account: "123456789012" };
        await makers[type as keyof typeof makers](properties, site);
      }
    }
    await resources.settle(Object.keys(templates))();
    for (const [key, value] of written) values.set(key, structuredClone(value()));
    return done;
  };
  return run;
}

test("leaves what has not changed as it is", async () => {
  const run = setUp();
  const template = { A: { properties: { size: 1, list: [{ deep: true }] } }, B: {} };
  assert.deepEqual(await run({ S: template }), ["make made-1", "make made-2"]);
  assert.deepEqual(await run({ S: structuredClone(template) }), []);
  assert.deepEqual(await run({ S: structuredClone(template) }), []);
});

test("makes what is new, changes what has changed, removes what has gone, the last one first", async () => {
  const run = setUp();
  await run({ S: { A: {}, B: {}, C: {} } });
  assert.deepEqual(await run({ S: { A: { properties: { size: 2 } }, D: {} } }), [
    "update made-1",
    "make made-4",
    "remove made-3",
    "remove made-2",
  ]);
  assert.deepEqual(await run({ S: { A: { properties: { size: 2 } }, D: {} } }), []);
});

test("removes what was replaced", async () => {
  const run = setUp();
  await run({ S: { A: {} } });
  const template = { A: { properties: { replaced: true } } };
  assert.deepEqual(await run({ S: template }), ["make made-2", "remove made-1"]);
  assert.deepEqual(await run({ S: template }), []);
});

test("asks the maker each time where a type has no other way", async () => {
  const run = setUp();
  const template = { A: { type: "Standing", properties: { name: "a" } } };
  await run({ S: template });
  assert.deepEqual(await run({ S: template }), ["make a"]);
  assert.deepEqual(await run({ S: {} }), ["remove a"]);
});

test("removes nothing that stands under another logical id, or in another stack, by now", async () => {
  const run = setUp();
  const thing = { type: "Standing", properties: { name: "a" } };
  await run({ S: { A: thing }, T: {} });
  assert.deepEqual(await run({ S: { B: thing }, T: {} }), ["make a"]);
  assert.deepEqual(await run({ S: {}, T: { A: thing } }), ["make a"]);
});

test("doesn't touch the resources of a stack that doesn't stand this time", async () => {
  const run = setUp();
  await run({ S: { A: {} }, T: { A: {} } });
  assert.deepEqual(await run({ T: {} }), ["remove made-2"]);
  assert.deepEqual(await run({ S: { A: {} } }), []);
});

test("refuses another type under the same logical id", async () => {
  const run = setUp();
  await run({ S: { A: {} } });
  await assert.rejects(run({ S: { A: { type: "Other" } } }), {
    message: "was Thing and is Other: use another folder for the state",
  });
});
