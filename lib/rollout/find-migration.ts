import {
  GetHostedConfigurationVersionCommand,
  ListHostedConfigurationVersionsCommand,
  paginateListApplications,
  paginateListConfigurationProfiles,
  type AppConfigClient,
} from "@aws-sdk/client-appconfig";
import { migrationOfProfile, type MigrationId, type MigrationParts } from "./migration-parts.ts";

/** A migration that is there, and where its parts are listed. */
interface Listed extends MigrationId {
  readonly applicationId: string;
  readonly partsProfileId: string;
}

/** No migration, or more than one, goes by what was asked for. Its message says which there are. */
export class MigrationNotFound extends Error {
  override readonly name = "MigrationNotFound";
}

/**
 * Finds a migration in the client's account and region, by its name.
 *
 * @param wanted.migration may be left out where there is one migration.
 * @param wanted.stage may be left out where the migration has one stage.
 * @throws {MigrationNotFound} where there is none, or more than one.
 */
export async function findMigration(
  client: AppConfigClient,
  wanted: Partial<MigrationId>,
): Promise<MigrationParts> {
  const all = await listMigrations(client, wanted.migration);
  const found = all.filter(
    ({ migration, stage }) =>
      migration === (wanted.migration ?? migration) && stage === (wanted.stage ?? stage),
  );
  const [only, ...others] = found;
  if (only === undefined || others.length > 0) {
    // Where nothing fits, all names there are; they weren't all asked for at first.
    const there = only === undefined ? await listMigrations(client) : found;
    throw new MigrationNotFound(notFoundText(wanted, there, only !== undefined));
  }
  return readParts(client, only);
}

function notFoundText(
  wanted: Partial<MigrationId>,
  there: readonly MigrationId[],
  several: boolean,
): string {
  const asked = [wanted.migration, wanted.stage && `stage ${wanted.stage}`].filter(Boolean);
  const what = asked.length > 0 ? ` ${asked.join(", ")}` : "";
  const names = [...new Set(there.map(({ migration, stage }) => `${migration} (${stage})`))];
  if (names.length === 0) {
    return "no migration in this account and region: is the region right, and the stack deployed?";
  }
  const list = names.join(", ");
  if (!several) return `no migration${what} in this account and region: there are ${list}`;
  if (names.length === 1) return `${list} is there more than once in this account and region`;
  const [first, ...others] = there;
  return others.every(({ migration }) => migration === first!.migration)
    ? `which stage of ${first!.migration}? There are ${list}: say which with --stage`
    : `which migration${what}? There are ${list}: say which by its name`;
}

/** An application that has the migration's name is looked at first, and mostly that is all. */
async function listMigrations(client: AppConfigClient, name?: string): Promise<Listed[]> {
  const applications: { readonly id: string; readonly name: string | undefined }[] = [];
  for await (const { Items = [] } of paginateListApplications({ client }, {})) {
    for (const { Id, Name } of Items)
      if (Id !== undefined) applications.push({ id: Id, name: Name });
  }
  const namesakes = applications.filter((application) => application.name === name);
  const others = applications.filter((application) => application.name !== name);
  const found = await migrationsIn(client, namesakes);
  return found.length > 0 ? found : [...found, ...(await migrationsIn(client, others))];
}

async function migrationsIn(
  client: AppConfigClient,
  applications: readonly { readonly id: string }[],
): Promise<Listed[]> {
  const found: Listed[] = [];
  // One after another: AppConfig's control plane throttles early.
  for (const { id: applicationId } of applications) {
    const pages = paginateListConfigurationProfiles({ client }, { ApplicationId: applicationId });
    for await (const { Items = [] } of pages) {
      for (const { Id, Name = "" } of Items) {
        const migration = migrationOfProfile(Name);
        if (migration === undefined || Id === undefined) continue;
        found.push({ ...migration, applicationId, partsProfileId: Id });
      }
    }
  }
  return found;
}

async function readParts(
  client: AppConfigClient,
  { applicationId, partsProfileId, migration }: Listed,
): Promise<MigrationParts> {
  const ids = { ApplicationId: applicationId, ConfigurationProfileId: partsProfileId };
  const { Items: versions = [] } = await client.send(
    new ListHostedConfigurationVersionsCommand({ ...ids, MaxResults: 1 }),
  );
  const newest = versions[0]?.VersionNumber;
  if (newest === undefined) {
    throw new MigrationNotFound(`${migration}: its parts are not listed: deploy its stack again`);
  }
  const { Content } = await client.send(
    new GetHostedConfigurationVersionCommand({ ...ids, VersionNumber: newest }),
  );
  return JSON.parse(new TextDecoder().decode(Content)) as MigrationParts;
}
