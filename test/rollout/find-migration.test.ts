import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import {
  AppConfigClient,
  CreateApplicationCommand,
  CreateConfigurationProfileCommand,
  CreateHostedConfigurationVersionCommand,
} from "@aws-sdk/client-appconfig";
import { createAppConfig } from "../../lib/local/appconfig/index.ts";
import { manualClock } from "../../lib/local/clock.ts";
import { openGateway } from "../../lib/local/gateway.ts";
import { findMigration } from "../../lib/rollout/find-migration.ts";
import { migrationOfProfile, partsProfileName } from "../../lib/rollout/migration-parts.ts";

/** An account with applications, each with profiles by name and the versions of their content. */
async function account(
  test: TestContext,
  applications: readonly [name: string, profiles: Readonly<Record<string, readonly object[]>>][],
): Promise<AppConfigClient> {
  const appConfig = createAppConfig({ clock: manualClock(), alarmState: () => "OK" });
  const gateway = await openGateway();
  gateway.serve(appConfig);
  const client = new AppConfigClient({
    endpoint: gateway.endpoint,
    region: "us-east-1",
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
  });
  test.after(async () => {
    client.destroy();
    await gateway.close();
    await appConfig.close();
  });
  for (const [Name, profiles] of applications) {
    const { Id: ApplicationId } = await client.send(new CreateApplicationCommand({ Name }));
    for (const [profile, versions] of Object.entries(profiles)) {
      const { Id: ConfigurationProfileId } = await client.send(
        new CreateConfigurationProfileCommand({
          ApplicationId,
          Name: profile,
          LocationUri: "hosted",
        }),
      );
      for (const parts of versions) {
        await client.send(
          new CreateHostedConfigurationVersionCommand({
            ApplicationId,
            ConfigurationProfileId,
            ContentType: "application/json",
            Content: Buffer.from(JSON.stringify(parts)),
          }),
        );
      }
    }
  }
  return client;
}

describe("finding a migration", () => {
  it("its name is all it takes, or nothing where there is one", async (t) => {
    const client = await account(t, [
      ["something else", { flags: [{}] }],
      ["things", { mode: [{}], "segue.things.prod": [{ table: "old" }, { table: "new" }] }],
    ]);
    for (const wanted of [{ migration: "things" }, {}, { stage: "prod" }]) {
      assert.deepEqual(await findMigration(client, wanted), { table: "new" });
    }
  });

  it("the application may have any name, and several migrations", async (t) => {
    const client = await account(t, [
      ["shop", { "segue.orders.prod": [{ table: "o" }], "segue.things.prod": [{ table: "t" }] }],
    ]);
    assert.deepEqual(await findMigration(client, { migration: "orders" }), { table: "o" });
    await assert.rejects(findMigration(client, {}), {
      name: "MigrationNotFound",
      message: "which migration? There are orders (prod), things (prod): say which by its name",
    });
  });

  it("says which stages there are, and takes one", async (t) => {
    const client = await account(t, [
      ["things", { "segue.things.prod": [{ table: "p" }] }],
      ["things", { "segue.things.test": [{ table: "t" }] }],
    ]);
    await assert.rejects(findMigration(client, { migration: "things" }), {
      message:
        "which stage of things? There are things (prod), things (test): say which with --stage",
    });
    const wanted = { migration: "things", stage: "test" };
    assert.deepEqual(await findMigration(client, wanted), { table: "t" });
  });

  it("says so where two stacks made one and the same", async (t) => {
    const one = { "segue.things.prod": [{}] };
    const client = await account(t, [
      ["things", one],
      ["things", one],
    ]);
    await assert.rejects(findMigration(client, {}), {
      message: "things (prod) is there more than once in this account and region",
    });
  });

  it("says what there is where nothing fits", async (t) => {
    const client = await account(t, [["things", { "segue.things.prod": [{}] }]]);
    await assert.rejects(findMigration(client, { migration: "thing" }), {
      message: "no migration thing in this account and region: there are things (prod)",
    });
    const none = await account(t, []);
    await assert.rejects(findMigration(none, { migration: "things" }), /is the region right/);
  });

  it("a stack that is half deployed is told", async (t) => {
    const client = await account(t, [["things", { "segue.things.prod": [] }]]);
    await assert.rejects(findMigration(client, {}), /its parts are not listed: deploy its stack/);
  });

  it("a profile's name leads back to the migration", () => {
    const id = { migration: "customer-ids", stage: "eu-test" };
    assert.deepEqual(migrationOfProfile(partsProfileName(id)), id);
    for (const name of ["mode", "segue.", "segue.things"]) {
      assert.equal(migrationOfProfile(name), undefined, name);
    }
  });
});
