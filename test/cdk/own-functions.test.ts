import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { it } from "node:test";
import { bundleFunctions } from "../../bin/bundle-functions.ts";
import { OWN_FUNCTIONS } from "../../lib/cdk/own-function.ts";

it("the package's functions are bundles that need nothing but Lambda's own SDK", async (test) => {
  const directory = await mkdtemp(join(tmpdir(), "segue-functions-"));
  test.after(() => rm(directory, { recursive: true }));
  const { outputs } = await bundleFunctions(directory);
  for (const name of OWN_FUNCTIONS) {
    assert.ok(existsSync(join(directory, name, "index.mjs")), name);
  }
  for (const [file, { imports, exports, bytes }] of Object.entries(outputs)) {
    assert.deepEqual(exports, ["handler"], file);
    assert.ok(bytes < 100_000, `${file} has ${bytes} bytes`);
    for (const { path } of imports) assert.match(path, /^@aws-sdk\/client-|^node:|^[a-z]+$/, file);
  }
});
