import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { CloudWatchClient, PutMetricDataCommand } from "@aws-sdk/client-cloudwatch";
import { DIMENSIONS, NAMESPACE } from "../../lib/metrics/names.ts";
import { currentDocument } from "../../lib/rollout/current.ts";
import { printed } from "../local/lambda/harness.ts";
import { openExample, type Example } from "../support/example-cloud.ts";
import {
  noTerminal,
  segue,
  startOnTerminal,
  startSegue,
  type Ended,
} from "../support/segue-command.ts";

/** V1 and V2 disagree in half of many comparisons. */
const BAD_DAY = [
  { MetricName: "Comparisons", Value: 1_000 },
  { MetricName: "Disagreements", Value: 500 },
].map((datum) => ({
  ...datum,
  Dimensions: [{ Name: DIMENSIONS.migration, Value: "customer-ids" }],
}));

/** Any escape sequence: colours, cursors. */
const ESCAPE = "\u001b[";

/** The colour in which the command says that something is well. */
const GREEN = "\u001b[32m";

describe("segue, as it is typed, on the local cloud", () => {
  let example: Example;
  let env: NodeJS.ProcessEnv;
  const run = (...args: string[]): Promise<Ended> => segue(args, env);
  const json = async (...args: string[]) => {
    const { code, stdout, stderr } = await run(...args, "--json");
    assert.equal(stderr, "");
    return { code, told: JSON.parse(stdout) };
  };
  const mode = async () => (await currentDocument(example.target)).document;

  before(async () => {
    example = await openExample();
    env = { ...example.cloud.environment };
  });
  after(() => example?.close());

  it("status tells where the migration stands, without colours where there is no terminal", async () => {
    const [{ code, stdout, stderr }, { told }] = await Promise.all([
      run("status"),
      json("status", "customer-ids"),
    ]);
    assert.equal(code, 0, stderr);
    assert.equal(stdout.includes(ESCAPE), false);
    assert.match(stdout, /^customer-ids \(prod\)$/m);
    assert.match(stdout, /mode\s+old, document version 1/);
    assert.match(stdout, /deployment\s+none under way/);
    assert.match(stdout, /comparisons\s+0,/);
    assert.match(stdout, /gate to shadow: open/);
    assert.equal(told.inForce.document.mode, "old");
    assert.equal(told.gate.allowed, true);
    assert.equal(told.alarms[0].alarm, "unhealthy");
  });

  it("says in one line what is wrong, and what there is", async () => {
    const cases: [args: string[], code: number, message: RegExp][] = [
      [
        ["status", "payments"],
        1,
        /: no migration payments in .*: there are customer-ids \(prod\)$/,
      ],
      [["status", "--stage", "test"], 1, /: no migration stage test in .*: there are customer-ids/],
      [["promote"], 2, /: there is no terminal to ask on: pass --yes$/],
      [["frob"], 2, /: unknown command 'frob'/],
      [["ramp", "101"], 2, /Allowed is a number from 0 to 100/],
      [["replay", "--rules", "--writes"], 2, /'--writes' cannot be used with option '--rules'/],
      [["replay", "--writes"], 2, /: there is no terminal to ask on: pass --yes$/],
      [["repair", "--dismiss", "done"], 2, /: --dismiss: say which repair, with --id$/],
      [
        ["repair", "--id", "no such"],
        1,
        /: no repair no such any more: "segue repair customer-ids"/,
      ],
      [["local", "nowhere"], 1, /: nowhere: no manifest.json there, .*: run "cdk synth" first$/],
    ];
    const check = async ([args, expected, message]: (typeof cases)[number]) => {
      const { code, stdout, stderr } = await run(...args);
      assert.equal(code, expected, stderr);
      assert.equal(stdout, "");
      assert.equal(stderr.trimEnd().split("\n").length, 1, stderr);
      assert.match(stderr.trimEnd(), message);
      assert.match(stderr, /^segue: /);
    };
    await Promise.all(cases.map(check));
  });

  it("access that is denied names the action that is missing, and --verbose tells the rest", async () => {
    const { of: roleArn } = example.cloud.iam
      .grants()
      .find(({ logicalId }) => logicalId.startsWith("MigrationGate"))!;
    const { accessKeyId, secretAccessKey, sessionToken } = example.cloud.iam.assumeRole(roleArn, {
      service: "lambda.amazonaws.com",
      sessionName: "somebody",
    });
    const somebody = {
      ...env,
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
      AWS_SESSION_TOKEN: sessionToken,
    };
    const { code, stderr } = await segue(["status"], somebody);
    assert.equal(code, 1);
    assert.match(
      stderr,
      /^segue: access denied: these credentials need appconfig:ListApplications/,
    );
    assert.match((await segue(["status", "--verbose"], somebody)).stderr, /\n\s+at /);
    const nobody = { ...env, AWS_ACCESS_KEY_ID: "", AWS_SECRET_ACCESS_KEY: "" };
    assert.match((await segue(["status"], nobody)).stderr, /^segue: no AWS credentials: set /);
  });

  it("a dry run changes nothing", async () => {
    const { code, stdout } = await run("promote", "--dry-run");
    assert.equal(code, 0);
    assert.match(stdout, /old → shadow/);
    assert.match(stdout, /nothing was deployed/);
    assert.equal((await mode()).mode, "old");
  });

  it("asks on a terminal, and takes no for an answer", { skip: noTerminal }, async () => {
    const asked = startOnTerminal(["promote"], env);
    await asked.says("Go ahead?");
    asked.child.stdin!.write("n");
    const { code, stdout } = await asked.ended;
    assert.equal(code, 5, stdout);
    assert.ok(stdout.includes(GREEN), "a terminal has colours");
    assert.equal((await mode()).mode, "old");
  });

  it("of two operators the second is refused", { skip: noTerminal }, async () => {
    const asked = startOnTerminal(["promote"], env);
    await asked.says("Go ahead?");
    await example.deploy('{"mode":"old","sample":{"matches":1}}');
    asked.child.stdin!.write("y");
    const { code, stdout } = await asked.ended;
    assert.equal(code, 1, stdout);
    assert.match(stdout, /somebody else has moved this migration meanwhile/);
    assert.equal((await mode()).mode, "old");
  });

  it("goes on after a yes, and follows the deployment", { skip: noTerminal }, async () => {
    const asked = startOnTerminal(["promote", "customer-ids"], { ...env, NO_COLOR: "1" });
    await asked.says("Go ahead?");
    asked.child.stdin!.write("y");
    const { code, stdout } = await asked.ended;
    assert.equal(code, 0, stdout);
    assert.match(stdout, /done: customer-ids is in shadow/);
    assert.equal(stdout.includes(GREEN), false, "NO_COLOR");
    assert.deepEqual(await mode(), { mode: "shadow", sample: { matches: 1 } });
  });

  it("is refused by the gate without evidence, and says what is missing", async () => {
    const [{ code, told }, ramp] = await Promise.all([
      json("promote", "--yes"),
      run("ramp", "5", "--yes"),
    ]);
    assert.equal(code, 3);
    assert.equal(ramp.code, 3);
    assert.equal(told.outcome, "refused");
    assert.ok(told.gate.conditions.some(({ name, met }: any) => name === "comparisons" && !met));
    assert.equal((await mode()).mode, "shadow");
  });

  it("Ctrl-C stops watching and not the deployment, which a rollback stops", async () => {
    const ramp = startSegue(["ramp", "10", "--yes", "--override", "a test"], env);
    await ramp.says("DEPLOYING");
    ramp.child.kill("SIGINT");
    const { code, stdout } = await ramp.ended;
    assert.equal(code, 130, stdout);
    assert.match(stdout, /goes on; "segue status customer-ids" tells/);
    const { told } = await json("status");
    assert.equal(told.underWay.to.ramp.percent, 10);

    const back = await run("rollback", "--yes");
    assert.equal(back.code, 0, back.stdout + back.stderr);
    assert.match(back.stdout, /is stopped/);
    assert.equal((await mode()).ramp, undefined);
  });

  it("tells a pipeline that AppConfig has rolled back", async () => {
    const cloudWatch = new CloudWatchClient({
      endpoint: example.cloud.endpoint,
      region: example.cloud.region,
      credentials: example.cloud.credentials,
    });
    const promote = startSegue(["promote", "--yes", "--override", "a test", "--json"], env);
    const over = promote.ended.then(() => true);
    do {
      await cloudWatch.send(
        new PutMetricDataCommand({ Namespace: NAMESPACE, MetricData: BAD_DAY }),
      );
    } while (!(await Promise.race([over, sleep(100, false)])));
    cloudWatch.destroy();
    const { code, stdout } = await promote.ended;
    assert.equal(code, 4, stdout);
    assert.equal(JSON.parse(stdout).deployment.state, "ROLLED_BACK");
    assert.equal((await mode()).mode, "shadow");
  });

  it("groups what differs, and shows one record in full", async () => {
    for (const merchant of ["bookshop", "garage", "bakery"]) await example.request(merchant);
    // The local DynamoDB takes its time for the partitions of a day.
    const [all, some, matches] = await Promise.all([
      run("mismatches", "--since", "5m"),
      json("mismatches", "--since", "5m", "--operation", "customerIds"),
      json("mismatches", "--since", "5m", "--outcome", "match"),
    ]);
    assert.equal(all.code, 0, all.stderr);
    assert.match(all.stdout, /customer-ids \(prod\): 2 records/);
    assert.match(all.stdout, /customerIds, mismatch/);
    assert.match(all.stdout, /- "(?:bookshop|garage)-customer-/);
    assert.equal(some.told.groups[0].records, 2);
    assert.equal(matches.told.records, 1);
    const id: string = some.told.groups[0].example.sk;
    const [record, inFull, none] = await Promise.all([
      run("mismatches", "--since", "5m", "--id", id),
      json("mismatches", "--since", "5m", "--id", id),
      run("mismatches", "--since", "5m", "--id", "no such"),
    ]);
    assert.match(record.stdout, /arguments\n {2}\[\n {4}"(?:bookshop|garage)"/);
    assert.equal(inFull.told.sk, id);
    assert.equal(none.code, 1);
    assert.match(none.stderr, /^segue: no record no such since/);
  });

  it("replays what differed, once V2 is mended and before", { skip: noTerminal }, async () => {
    const since = ["--since", "5m"];
    const replay = (...args: string[]) => json("replay", ...since, ...args);
    const requests = example.cloud.lambda.logs(example.outputs["FunctionName"]!).length;
    const [unmended, rules] = await Promise.all([run("replay", ...since), replay("--rules")]);
    assert.equal(unmended.code, 0, unmended.stderr);
    assert.match(unmended.stdout, /customer-ids \(prod\): 2 of 2 records called again/);
    assert.match(unmended.stdout, /^ +2 +differ as before$/m);
    assert.match(unmended.stdout, /^\$\[\*\] missing → as before {2}customerIds$/m);
    assert.equal(rules.told.totals["differs-as-before"], 2);
    await example.backfill();
    const [mended, stillByRules, matches] = await Promise.all([
      replay(),
      replay("--rules"),
      replay("--outcome", "match", "--limit", "1"),
    ]);
    assert.equal(mended.told.totals.agrees, 2);
    assert.equal(stillByRules.told.totals["differs-as-before"], 2);
    assert.equal(matches.told.totals.agrees, 1);
    const { example: id } = mended.told.groups[0];
    const one = startOnTerminal(["replay", ...since, "--id", id], env);
    const { code, stdout } = await one.ended;
    assert.equal(code, 0, stdout);
    assert.match(stdout, /█ 1 of 1/);
    assert.match(stdout, /1 +now agree/);
    const had = example.cloud.lambda.logs(example.outputs["FunctionName"]!).length;
    assert.equal(had, requests, "no handler is called, and none counts anything");
    const printedByOperator = example.cloud.lambda
      .logs(example.outputs["OperatorFunctionName"]!)
      .map(({ line }) => printed(line));
    assert.ok(!printedByOperator.some((line) => line.includes('"_aws"')), "nor does the replay");
  });

  it("Ctrl-C ends a replay with what is known so far", async () => {
    const asked = Promise.withResolvers<void>();
    const mend = example.cloud.inject({
      service: "lambda",
      when: ({ path }) => path.includes("/invocations"),
      respond: () => (asked.resolve(), "hang"),
    });
    try {
      const replay = startSegue(["replay", "--since", "5m"], env);
      await Promise.race([asked.promise, replay.ended]);
      replay.child.kill("SIGINT");
      const { code, stdout } = await replay.ended;
      assert.equal(code, 130, stdout);
      assert.match(stdout, /0 of 2 records called again\ninterrupted/);
    } finally {
      mend();
    }
  });

  it("watches until Ctrl-C", async () => {
    const watch = startSegue(["watch"], env);
    await watch.says("V2's p99");
    watch.child.kill("SIGINT");
    assert.equal((await watch.ended).code, 0);
  });

  it("has nothing to repair in a migration without dual writes", async () => {
    const [{ stdout }, { code, stderr }] = await Promise.all([
      run("repair"),
      run("repair", "--run", "--yes"),
    ]);
    assert.equal(stdout, "nothing is left to repair\n");
    assert.equal(code, 1);
    assert.match(stderr, /customer-ids has no repair function/);
  });

  it("local stands up an app until Ctrl-C, and segue talks to it", async () => {
    const local = startSegue(["local", example.assembly, "--stack", "CustomerIds"], {});
    const stdout = await local.says("export AWS_SESSION_TOKEN=");
    assert.match(stdout, /^the local cloud is up at http:\/\/127\.0\.0\.1:\d+; Ctrl-C ends it$/m);
    const variables = Object.fromEntries(
      Array.from(stdout.matchAll(/^export (\w+)=(\S+)$/gm), ([, name, value]) => [name, value]),
    );
    const status = await segue(["status"], variables);
    assert.match(status.stdout, /mode\s+old/);
    local.child.kill("SIGINT");
    assert.equal((await local.ended).code, 0);
  });

  it("local keeps its state in a folder, and what talked to it talks to the next", async (t) => {
    const state = await mkdtemp(join(tmpdir(), "segue-state-"));
    t.after(() => rm(state, { recursive: true }));
    const start = async () => {
      const args = ["local", example.assembly, "--stack", "CustomerIds", "--state", state];
      const { child, ended, says } = startSegue([...args, "--json"], {});
      t.after(() => child.kill("SIGKILL"));
      const { environment } = JSON.parse(await says("\n}\n"));
      const close = async () => {
        child.kill("SIGINT");
        assert.equal((await ended).code, 0);
      };
      return { environment, close };
    };
    const first = await start();
    const promote = ["promote", "--yes"];
    const promotion = await segue([...promote, "--override", "a try"], first.environment);
    assert.equal(promotion.code, 0, promotion.stderr);
    await first.close();
    const second = await start();
    const { stdout } = await segue(["status"], first.environment);
    assert.match(stdout, /mode\s+shadow, document version 2/);
    // From there on a step needs evidence, as ever.
    assert.equal((await segue(promote, first.environment)).code, 3);
    await second.close();
  });
});
