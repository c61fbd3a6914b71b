/**
 * Runs the benchmarks, each in a process of its own.
 *
 *     npm run bench [-- name…] [-- --json]
 *
 * Exits 1 when a bar of any of them is missed.
 */
import { spawnSync } from "node:child_process";
import { globSync } from "node:fs";
import { basename, join } from "node:path";
import { parseArgs } from "node:util";

const { values, positionals } = parseArgs({
  options: { json: { type: "boolean" } },
  allowPositionals: true,
});
const known = globSync("*.ts", { cwd: import.meta.dirname })
  .map((file) => basename(file, ".ts"))
  .filter((name) => name !== "run")
  .toSorted((a, b) => a.localeCompare(b));
const unknown = positionals.filter((name) => !known.includes(name));
if (unknown.length > 0) {
  console.error(`no benchmark ${unknown.join(", ")}; there are ${known.join(", ")}`);
  process.exit(2);
}
for (const name of positionals.length > 0 ? positionals : known) {
  if (!values.json) console.log(`\n${name}`);
  const file = join(import.meta.dirname, `${name}.ts`);
  const { status } = spawnSync(process.execPath, [file, ...(values.json ? ["--json"] : [])], {
    stdio: "inherit",
  });
  if (status !== 0) process.exitCode = 1;
}
