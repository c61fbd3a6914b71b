// Runs the tests that start functions once more, on AWS's own runtime client.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { installClient } from "./install.ts";

const tests = [
  "test/lambda/early-response.test.ts",
  "test/lambda/hazards.test.ts",
  "test/local/lambda/**/*.test.ts",
  "test/local/cloud.test.ts",
  "test/e2e/**/*.test.ts",
];

try {
  const { status } = spawnSync(process.execPath, ["--test", "--test-timeout=300000", ...tests], {
    cwd: join(import.meta.dirname, "../.."),
    stdio: "inherit",
    env: { ...process.env, SEGUE_LAMBDA_RUNTIME_CLIENT: installClient() },
  });
  process.exitCode = status ?? 1;
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
