import { build } from "esbuild";
import { createServer, request, type ServerResponse } from "node:http";
import { join } from "node:path";
import type { LambdaOptions } from "../../lib/local/lambda/index.ts";
import { closeServer, listen } from "../../lib/local/listen.ts";
import { setUpLambda, until, type Cleanup } from "../local/lambda/harness.ts";

const root = join(import.meta.dirname, "../..");

/**
 * A function's file: a handler in TypeScript that imports Segue as `middy-segue`, bundled as CDK does it,
 * the AWS SDK apart.
 */
export async function bundled(
  source: string,
  { format = "esm" }: { format?: "esm" | "cjs" } = {},
): Promise<Record<string, string>> {
  const { outputFiles } = await build({
    stdin: { contents: source, resolveDir: root, loader: "ts" },
    alias: {
      "middy-segue": join(root, "lib/index.ts"),
      "middy-segue/testing": join(root, "lib/testing.ts"),
    },
    bundle: true,
    write: false,
    platform: "node",
    target: "node24",
    format,
    external: ["@aws-sdk/*"],
    mainFields: ["module", "main"],
    logLevel: "warning",
  });
  return { [format === "esm" ? "index.mjs" : "index.js"]: outputFiles[0]!.text };
}

/**
 * What these functions have in common: a V1 that answers at once, a V2 at a URL of the test's, records that
 * are printed, and the early response.
 */
export const PRELUDE = `
import middy from "@middy/core";
import segue, { defineMigration } from "middy-segue";
import { fixedMode, memoryRecords } from "middy-segue/testing";
const stored = ({ outcome, requestId }) => console.log("stored " + outcome + " of " + requestId);
const records = {
  ...memoryRecords(),
  write: async (comparisons) => (comparisons.forEach(stored), []),
};
const migrationOf = (operation = {}, name = "things") => defineMigration({
  name,
  v1: { get: async () => "ok" },
  v2: { get: async (url) => (url ? (await fetch(url)).text() : "ok") },
  operations: { get: { kind: "read", timeoutMs: 5_000, breaker: false, ...operation } },
});
const migration = migrationOf();
const early = (options = {}, migrations = migration) =>
  segue(migrations, { modeSource: fixedMode("shadow"), records, response: "early", ...options });
`;

/** A V2 that answers when the test lets it. */
export async function openV2(t: Cleanup) {
  const waiting: ServerResponse[] = [];
  const server = createServer((_, response) => void waiting.push(response));
  const url = `http://127.0.0.1:${await listen(server)}`;
  t.after(() => closeServer(server));
  return {
    url,
    asked: (times = 1) => until(`V2 is asked ${times} times`, () => waiting.length >= times),
    answer: (text = "ok") => waiting.splice(0).forEach((response) => response.end(text)),
  };
}

/** A function `early` of such a source, its V2, and what it prints. */
export async function setUpEarly(
  t: Cleanup,
  source: string,
  properties: object = {},
  { format, ...options }: Partial<LambdaOptions> & { format?: "esm" | "cjs" } = {},
) {
  const lambda = await setUpLambda(t, options);
  const v2 = await openV2(t);
  const code = await bundled(PRELUDE + source, { format });
  await lambda.define("early", code, { Timeout: 30, ...properties });
  const printed = () => lambda.lines.map(({ line }) => line);
  return {
    ...lambda,
    v2,
    printed,
    invoke: (event?: unknown) => lambda.invoke("early", event),
    /** The outcomes that were stored, of one invocation or of all. */
    stored: (requestId = "") =>
      printed()
        .filter((line) => line.startsWith("stored ") && line.endsWith(requestId))
        .map((line) => line.split(" ")[1]),
    /** The sum of a metric, by migration. */
    sumOf(metric: string): number {
      const values = printed()
        .filter((line) => line.includes('"_aws"'))
        .map((line) => JSON.parse(line)[metric] ?? 0);
      return values.flat().reduce((sum: number, value: number) => sum + value, 0);
    },
  };
}

/**
 * Stands between a function's extension and its platform. A function goes through it by
 * `process.env.AWS_LAMBDA_RUNTIME_API = url + "/" + process.env.AWS_LAMBDA_RUNTIME_API`.
 *
 * @param intercept is given each request's path, and may answer in the platform's place; else it resolves
 *   when the platform's answer may go on.
 */
export async function interpose(
  t: Cleanup,
  intercept: (path: string, outgoing: ServerResponse) => "answered" | Promise<void> | undefined,
): Promise<string> {
  const server = createServer((incoming, outgoing) => {
    const [, host, path] = /^\/([^/]+)(\/.*)$/.exec(incoming.url!)!;
    const passed = intercept(path!, outgoing);
    if (passed === "answered") return;
    const { method, headers } = incoming;
    const asking = request(`http://${host}${path}`, { method, headers }, (answer) => {
      void Promise.resolve(passed).then(() => {
        outgoing.writeHead(answer.statusCode!, answer.headers);
        answer.pipe(outgoing);
      });
    });
    asking.on("error", () => outgoing.destroy());
    incoming.pipe(asking);
  });
  t.after(() => closeServer(server));
  return `127.0.0.1:${await listen(server)}`;
}
