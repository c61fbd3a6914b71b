import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { delimiter, dirname, join } from "node:path";

/** Runs `cdk synth` as a user does, and leaves the cloud assembly in a directory. */
export async function synthesize(directory: string, signal?: AbortSignal): Promise<void> {
  const manifest = createRequire(import.meta.url).resolve("aws-cdk/package.json");
  const cdk = join(manifest, "..", "bin", "cdk");
  const root = join(import.meta.dirname, "..", "..");
  const child = spawn(
    process.execPath,
    [cdk, "synth", "--quiet", "--no-notices", "--output", directory],
    {
      cwd: root,
      stdio: ["ignore", "pipe", "pipe"],
      signal,
      // The app's command in cdk.json is a bare `node`, and it wants the one that runs this.
      env: { ...process.env, PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH}` },
    },
  );
  const output: Buffer[] = [];
  child.stdout.on("data", (data: Buffer) => output.push(data));
  child.stderr.on("data", (data: Buffer) => output.push(data));
  const code = await new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  });
  if (code !== 0) throw new Error(`cdk synth failed:\n${Buffer.concat(output).toString()}`);
}
