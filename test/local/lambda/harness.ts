import {
  InvokeCommand,
  LambdaClient,
  UpdateFunctionConfigurationCommand,
  type InvokeCommandInput,
} from "@aws-sdk/client-lambda";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { TestContext } from "node:test";
import { setTimeout } from "node:timers/promises";
import { compressedClock } from "../../../lib/local/clock.ts";
import { openGateway } from "../../../lib/local/gateway.ts";
import { createLambda, type LambdaOptions, type LogLine } from "../../../lib/local/lambda/index.ts";

const site = { stackName: "Test", region: "us-east-1", account: "123456789012" };

/** Where what was opened is closed: a test, or a benchmark. */
export type Cleanup = Pick<TestContext, "after">;

/** A Lambda service behind a gateway, functions made of a few lines, and the real client. */
export async function setUpLambda(t: Cleanup, options: Partial<LambdaOptions> = {}) {
  const gateway = await openGateway();
  t.after(() => gateway.close());
  const assets = await mkdtemp(join(tmpdir(), "segue-assets-"));
  t.after(() => rm(assets, { recursive: true }));
  const lines: LogLine[] = [];
  const lambda = createLambda({
    ...site,
    clock: compressedClock(),
    endpoint: gateway.endpoint,
    asset: (s3Key) => (s3Key === "none.zip" ? undefined : join(assets, s3Key)),
    credentialsFor: (roleArn) => ({
      accessKeyId: `key of ${roleArn}`,
      secretAccessKey: "secret",
      sessionToken: "token",
    }),
    addResourcePolicy() {},
    startAgent: () => Promise.reject(new Error("no agent in this test")),
    onLog: (line) => lines.push({ ...line, line: printed(line.line) }),
    ...options,
  });
  t.after(() => lambda.close());
  gateway.serve(lambda);

  const client = new LambdaClient({
    endpoint: gateway.endpoint,
    region: site.region,
    credentials: { accessKeyId: "local", secretAccessKey: "local" },
    maxAttempts: 1,
  });
  t.after(() => client.destroy());

  const create = (type: string, logicalId: string, properties: object) =>
    lambda.resources[`AWS::Lambda::${type}`]!({ ...properties }, { ...site, logicalId });
  /** A function from the source of its index.js, or from files. */
  const define = async (
    FunctionName: string,
    code: string | Record<string, string>,
    properties: object = {},
  ) => {
    let Code: object = { ZipFile: code };
    if (typeof code !== "string") {
      Code = { S3Bucket: "assets", S3Key: `${FunctionName}.zip` };
      for (const [path, content] of Object.entries(code)) {
        const file = join(assets, `${FunctionName}.zip`, path);
        await mkdir(dirname(file), { recursive: true });
        await writeFile(file, content);
      }
    }
    return create("Function", FunctionName, {
      FunctionName,
      Code,
      Handler: "index.handler",
      Runtime: "nodejs24.x",
      Role: "arn:aws:iam::123456789012:role/test",
      ...properties,
    });
  };
  const invoke = async (
    FunctionName: string,
    event?: unknown,
    more: Partial<InvokeCommandInput> = {},
  ) => {
    const Payload = event === undefined ? undefined : JSON.stringify(event);
    const output = await client.send(new InvokeCommand({ FunctionName, Payload, ...more }));
    const text = output.Payload?.transformToString();
    return { ...output, result: text ? JSON.parse(text) : undefined };
  };
  const configure = (FunctionName: string, change: object) =>
    client.send(new UpdateFunctionConfigurationCommand({ FunctionName, ...change }));
  return { lambda, client, create, define, invoke, configure, lines, gateway };
}

/** What a function printed, without what AWS's runtime client puts in front: time, id, level. */
export function printed(line: string): string {
  return line.replace(/^\S+Z\t\S+\t[A-Z]+\t/, "");
}

/** Polls a condition, for at most ten seconds. */
export async function until(what: string, condition: () => boolean): Promise<void> {
  for (const end = Date.now() + 10_000; !condition(); await setTimeout(5)) {
    if (Date.now() > end) throw new Error(`waited in vain until ${what}`);
  }
}

/** Whether there is a process; one that has ended and that nobody has reaped isn't. */
export function isAlive(pid: number): boolean {
  return !["", "Z"].includes(processState(pid));
}

/** Whether a process is there and stopped, so that it gets no time. */
export function isStopped(pid: number): boolean {
  return processState(pid) === "T";
}

/** A process's state as `ps` has it, in one letter; empty where there is none. */
function processState(pid: number): string {
  if (process.platform !== "linux") {
    const { stdout } = spawnSync("ps", ["-o", "state=", "-p", String(pid)], { encoding: "utf8" });
    return stdout.trim().slice(0, 1);
  }
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // After the name, in parentheses, which may have any characters.
    return stat.slice(stat.lastIndexOf(")") + 2).slice(0, 1);
  } catch {
    return "";
  }
}
