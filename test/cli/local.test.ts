import {
  AppConfigClient,
  CreateHostedConfigurationVersionCommand,
  ListHostedConfigurationVersionsCommand,
} from "@aws-sdk/client-appconfig";
import {
  CloudWatchClient,
  GetMetricStatisticsCommand,
  PutMetricDataCommand,
} from "@aws-sdk/client-cloudwatch";
import { DynamoDBClient, paginateScan, PutItemCommand } from "@aws-sdk/client-dynamodb";
import assert from "node:assert/strict";
import { watch, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test, type TestContext } from "node:test";
import { synthesizeApp, temporaryFolder } from "../local/state/app.ts";
import { segue, startSegue } from "../support/segue-command.ts";

const assembly = synthesizeApp({ after });

/** What `--json` prints. */
interface Told {
  readonly endpoint: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly outputs: { readonly Kept: Readonly<Record<string, string>> };
}

function start(t: TestContext, state: string) {
  const run = startSegue(["local", assembly, "--state", state, "--json"], {});
  t.after(() => run.child.kill("SIGKILL"));
  return {
    ...run,
    told: async (): Promise<Told> =>
      JSON.parse(await run.says('"outputs"').then(() => run.says("\n}\n"))),
    async kill() {
      run.child.kill("SIGKILL");
      await run.ended;
    },
  };
}

/** Writes to each service, one write after the other, and counts what was answered. */
function writer({ endpoint, environment, outputs: { Kept } }: Told) {
  const config = {
    endpoint,
    region: environment["AWS_REGION"],
    maxAttempts: 1,
    credentials: {
      accessKeyId: environment["AWS_ACCESS_KEY_ID"]!,
      secretAccessKey: environment["AWS_SECRET_ACCESS_KEY"]!,
    },
  };
  const dynamoDb = new DynamoDBClient(config);
  const appConfig = new AppConfigClient(config);
  const cloudWatch = new CloudWatchClient(config);
  const { TableName, ApplicationId, ConfigurationProfileId } = Kept;
  const profile = { ApplicationId, ConfigurationProfileId };
  const Namespace = "Kept";
  const MetricName = "Writes";
  return {
    writes: {
      items: (n: number) =>
        dynamoDb.send(new PutItemCommand({ TableName, Item: { id: { S: `i-${n}` } } })),
      versions: () =>
        appConfig.send(
          new CreateHostedConfigurationVersionCommand({
            ...profile,
            Content: Buffer.from('{"mode":"old"}'),
            ContentType: "application/json",
          }),
        ),
      measured: () => {
        const MetricData = [{ MetricName, Value: 1 }];
        return cloudWatch.send(new PutMetricDataCommand({ Namespace, MetricData }));
      },
    },
    /** How many there are by now. */
    async counts() {
      let items = 0;
      for await (const page of paginateScan({ client: dynamoDb }, { TableName })) {
        items += page.Items!.length;
      }
      const { Items } = await appConfig.send(
        new ListHostedConfigurationVersionsCommand({ ...profile, MaxResults: 1 }),
      );
      const { Datapoints } = await cloudWatch.send(
        new GetMetricStatisticsCommand({
          Namespace,
          MetricName,
          Statistics: ["Sum"],
          Period: 86_400,
          StartTime: new Date(Date.now() - 86_400_000),
          EndTime: new Date(Date.now() + 86_400_000),
        }),
      );
      const measured = Datapoints!.reduce((sum, { Sum }) => sum + Sum!, 0);
      // The first version is the template's.
      return { items, versions: Items![0]!.VersionNumber! - 1, measured };
    },
    close: () => [dynamoDb, appConfig, cloudWatch].forEach((client) => client.destroy()),
  };
}

type Counts = Awaited<ReturnType<ReturnType<typeof writer>["counts"]>>;

test("a killed cloud has lost nothing that it answered, when it is there again", async (t) => {
  const state = temporaryFolder(t);
  const answered: Counts = { items: 0, versions: 0, measured: 0 };
  let attempted = 0;
  let first: Told | undefined;
  for (const kill of [25, 60, 95]) {
    const local = start(t, state);
    const told = await local.told();
    first ??= told;
    assert.deepEqual(told, first);
    const { writes, counts, close } = writer(told);
    const now = await counts();
    for (const kind of ["items", "versions", "measured"] as const) {
      assert.ok(now[kind] >= answered[kind], `${kind}: ${now[kind]} of ${answered[kind]}`);
      answered[kind] = now[kind];
    }
    const write = async (kind: keyof Counts) => {
      for (;;) {
        await writes[kind](++attempted);
        answered[kind]++;
        if (answered.items + answered.versions + answered.measured > kill) {
          local.child.kill("SIGKILL");
        }
      }
    };
    await Promise.allSettled([write("items"), write("versions"), write("measured")]);
    assert.equal((await local.ended).code, null, "it was killed");
    close();
  }
});

test("a cloud that is killed while it is set up leaves a folder that opens", async (t) => {
  for (const changes of [1, 6, 14]) {
    const state = temporaryFolder(t);
    const doomed = start(t, state);
    let seen = 0;
    const watcher = watch(state, { recursive: true }, () => {
      if (++seen >= changes) doomed.child.kill("SIGKILL");
    });
    await doomed.told().catch(() => {});
    watcher.close();
    await doomed.kill();
    const local = start(t, state);
    const { writes, counts, close } = writer(await local.told());
    await writes.items(1);
    assert.equal((await counts()).items, 1);
    close();
    local.child.kill("SIGINT");
    const { code, stderr } = await local.ended;
    assert.deepEqual([code, stderr], [0, ""]);
  }
});

test("says on one line why it can't have a folder", async (t) => {
  const state = temporaryFolder(t);
  const local = start(t, state);
  await local.told();
  const foreign = temporaryFolder(t);
  writeFileSync(join(foreign, "thesis.txt"), "irreplaceable");
  for (const [folder, reason] of [
    [state, "another local cloud has this state in use"],
    [foreign, "has thesis.txt in it, so it's no folder of the local cloud's state"],
  ] as const) {
    const { code, stdout, stderr } = await segue(["local", assembly, "--state", folder], {});
    assert.equal(code, 1);
    assert.equal(stdout, "");
    assert.match(stderr, new RegExp(`^segue: (?:Error: )?${folder}: ${reason}\n$`));
  }
});
