// A process of its own, as each test file is one: what the environment holds is found out once in each.
import assert from "node:assert/strict";
import { test } from "node:test";
import { migrationOf, wrapped } from "../support/invoke.ts";

test("outside of Lambda the response waits, and one line says so, however many ask", async () => {
  delete process.env["AWS_LAMBDA_RUNTIME_API"];
  const migration = migrationOf(
    async () => 1,
    async () => 2,
  );
  const call = (_: unknown, context: any) => migration.client(context).get();
  const functions = [1, 2].map(() => wrapped(migration, "shadow", call, { response: "early" }));
  for (const { invoke, traces } of functions) {
    assert.equal(await invoke(), 1);
    assert.equal(traces().comparisons.length, 1);
    assert.equal(traces().counts.DrainedInline, 1);
  }
  assert.deepEqual(
    functions.map(({ traces }) => traces().logged),
    [['responses wait for the secondary {"why":"Error: this is no Lambda environment"}'], []],
  );
});
