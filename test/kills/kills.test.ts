import assert from "node:assert/strict";
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it, mock } from "node:test";
import { CreateTableCommand, paginateScan } from "@aws-sdk/client-dynamodb";
import { build } from "esbuild";
import { repairHandler } from "../../lib/index.ts";
import { variableName, type FunctionEnvironment } from "../../lib/function-environment.ts";
import type { ServiceRequest, ServiceResponse } from "../../lib/local/service.ts";
import { fixedMode, memoryMetrics } from "../../lib/testing.ts";
import { lambdaContext } from "../support/invoke.ts";
import { seed } from "../support/property.ts";
import { openRecordsTable, TABLE } from "../support/records-table.ts";
import { ledgerMigration, VERSIONS } from "./ledger.ts";
import type { Orders, Write } from "./writer.ts";

const KILLS = Number(process.env["SEGUE_KILLS"] ?? 220);
/** Writers that live at once. */
const WRITERS = 2;
/** Kills between two repair passes. */
const ROUND = 20;
const INVOCATIONS = 3;
const ACCOUNTS = ["alice", "bob", "carol"];

/** Later than any intent is due. */
const MUCH_LATER_MS = 20 * 60_000;

const environment: FunctionEnvironment = {
  application: "app",
  environment: "env",
  profile: "mode",
  agent: false,
  table: TABLE,
  retentionDays: 1,
  defaultMode: "old",
};

/** One writer's fate: at which of its requests it is killed, and on which side of it. */
interface Fate {
  readonly atRequest: number;
  readonly side: "before" | "after";
}

describe("SIGKILL between the steps of dual writes", () => {
  let directory: string;
  let writer: string;
  let table: Awaited<ReturnType<typeof openRecordsTable>>;
  const doomed = new Map<string, { child: ChildProcess; fate: Fate; requests: number }>();
  let chance = seed;
  let number = 0;

  function random(below: number): number {
    chance = (Math.imul(chance, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((chance / 2 ** 32) * below);
  }
  const pick = <Item>(items: readonly Item[]): Item => items[random(items.length)]!;

  before(async () => {
    // As one file it starts in a third of the time, and there are hundreds of starts.
    directory = await mkdtemp(join(tmpdir(), "segue-kills-"));
    writer = join(directory, "writer.cjs");
    await build({
      entryPoints: [join(import.meta.dirname, "writer.ts")],
      outfile: writer,
      bundle: true,
      platform: "node",
      logLevel: "warning",
    });
    // A killed writer's request is done or not, but never answered.
    table = await openRecordsTable((handle) => async (request) => {
      const one = doomed.get(accessKeyOf(request));
      if (one === undefined) return handle(request);
      one.requests++;
      const { fate, child } = one;
      if (one.requests > fate.atRequest) return new Promise<ServiceResponse>(() => {});
      const isLast = one.requests === fate.atRequest;
      if (isLast && fate.side === "before") child.kill("SIGKILL");
      else {
        const response = await handle(request);
        if (!isLast) return response;
        child.kill("SIGKILL");
      }
      return new Promise<ServiceResponse>(() => {});
    });
    process.env[variableName("ledger")] = JSON.stringify(environment);
    for (const TableName of Object.values(VERSIONS)) {
      await table.client.send(
        new CreateTableCommand({
          TableName,
          BillingMode: "PAY_PER_REQUEST",
          KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
          AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
        }),
      );
    }
  });
  after(async () => {
    for (const { child } of doomed.values()) child.kill("SIGKILL");
    await table.close();
    await rm(directory, { recursive: true, force: true });
  });

  async function contents(name: string): Promise<Map<string, number>> {
    const items = new Map<string, number>();
    const pages = paginateScan({ client: table.client }, { TableName: name, ConsistentRead: true });
    for await (const { Items = [] } of pages) {
      for (const { id, amount } of Items) items.set(id!.S!, Number(amount!.N));
    }
    return items;
  }

  function someWrite(): Write {
    const account = pick(ACCOUNTS);
    number++;
    return random(3) === 0
      ? { operation: "limit", args: [account, number] }
      : { operation: "add", args: [account, `entry-${number}`, number] };
  }

  /** Lets a writer work until it is killed, or done. Resolves to the writes that its callers saw succeed. */
  async function write(
    mode: "shadow" | "reverse-shadow",
  ): Promise<{ seen: Write[]; killed: boolean }> {
    const accessKey = `WRITER${number++}`;
    const child = fork(writer, {
      env: { ...process.env, AWS_ACCESS_KEY_ID: accessKey },
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    const seen: Write[] = [];
    const exited = once(child, "exit");
    const ready = once(child, "message");
    const invocations = Array.from({ length: INVOCATIONS }, () =>
      Array.from({ length: 1 + random(3) }, someWrite),
    );
    // A dual write takes six requests or so, so most are killed on the way.
    const steps = invocations.flat().length * 5;
    const fate: Fate = { atRequest: 1 + random(steps), side: pick(["before", "after"]) };
    doomed.set(accessKey, { child, fate, requests: 0 });
    await ready;
    child.on("message", (message: { done?: Write; finished?: true }) => {
      if (message.done !== undefined) seen.push(message.done);
      if (message.finished) child.disconnect();
    });
    child.send({ mode, invocations } satisfies Orders);
    const [, signal] = (await exited) as [number | null, string | null];
    doomed.delete(accessKey);
    return { seen, killed: signal === "SIGKILL" };
  }

  async function repair(mode: "shadow" | "reverse-shadow"): Promise<number> {
    const handler = repairHandler(ledgerMigration(), {
      modeSource: fixedMode(mode),
      metrics: memoryMetrics(),
      logger: { warn: () => {}, error: () => {} },
    });
    mock.timers.enable({ apis: ["Date"], now: Date.now() + MUCH_LATER_MS });
    try {
      const [report] = await handler({}, lambdaContext());
      assert.deepEqual([report!.failed, report!.pending], [0, 0], JSON.stringify(report));
      return report!.done;
    } finally {
      mock.timers.reset();
    }
  }

  const title = `leaves both versions alike, and loses nothing: ${KILLS} kills`;
  it(title, { timeout: 280_000 }, async (t) => {
    const where = `SEGUE_SEED=${seed}`;
    const added = new Map<string, number>();
    let kills = 0;
    let repaired = 0;

    /** Resolves to how many were killed. */
    async function work(): Promise<number> {
      let count = 0;
      for (let left = ROUND / WRITERS; left > 0; left--) {
        // Neighbouring modes side by side, as during a rollout.
        const { seen, killed } = await write(pick(["shadow", "reverse-shadow"]));
        if (killed) count++;
        for (const { operation, args } of seen) {
          if (operation === "add") added.set(`${args[0]}/${args[1]}`, args[2]);
        }
      }
      return count;
    }

    while (kills < KILLS) {
      const killed = await Promise.all(Array.from({ length: WRITERS }, work));
      kills = killed.reduce((sum, count) => sum + count, kills);
      repaired += await repair(pick(["shadow", "reverse-shadow"]));
      const [v1, v2] = await Promise.all([contents(VERSIONS.v1), contents(VERSIONS.v2)]);
      assert.deepEqual(sorted(v1), sorted(v2), `the versions differ: ${where}`);
      for (const [id, amount] of added) assert.equal(v1.get(id), amount, `lost ${id}: ${where}`);
    }
    assert.ok(repaired > KILLS / 4, `only ${repaired} writes were left half done`);
    t.diagnostic(`${kills} kills, ${repaired} repairs, ${added.size} writes seen to succeed`);
  });
});

function accessKeyOf({ headers }: ServiceRequest): string {
  return /Credential=([^/]+)\//.exec(String(headers.authorization))?.[1] ?? "";
}

function sorted(items: ReadonlyMap<string, number>): [string, number][] {
  return [...items].toSorted(([a], [b]) => (a < b ? -1 : 1));
}
