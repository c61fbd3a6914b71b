import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { isAlive, until } from "./harness.ts";

for (const signal of ["SIGKILL", "SIGTERM"] as const) {
  test(`leaves no process behind after ${signal}: idle, in a loop, or stopped`, async (t) => {
    const script = fileURLToPath(new URL("orphan-parent.ts", import.meta.url));
    // It gets no chance to remove its temporary files.
    const TMPDIR = mkdtempSync(join(tmpdir(), "segue-test-"));
    t.after(() => rmSync(TMPDIR, { recursive: true }));
    const parent = spawn(process.execPath, [script], {
      stdio: ["ignore", "pipe", "inherit"],
      env: { ...process.env, TMPDIR },
    });
    t.after(() => parent.kill("SIGKILL"));
    const [line] = await once(parent.stdout.setEncoding("utf8"), "data");
    const pids = JSON.parse(line) as number[];
    t.after(() => pids.filter(isAlive).forEach((pid) => process.kill(pid, "SIGKILL")));
    assert.ok(pids.length === 3 && pids.every(isAlive));

    parent.kill(signal);
    await until("they are gone", () => !pids.some(isAlive));
  });
}
