import { randomBytes } from 'node:crypto';
import { CliError } from '@fieldguide/platform-host/cli-error';
import type { Environment, Secrets } from '@fieldguide/platform-host/environment';
import pg from 'pg';

/** What PostgreSQL has under the names of one service. */
export interface ExistingDatabase {
  readonly database: string;
  /** The name of the role that owns the database; undefined: there is no such database. */
  readonly owner: string | undefined;
  /** The database's comment, empty without one. */
  readonly comment: string;
  /** The comment of each of the two roles that exists, empty without one. */
  readonly roles: ReadonlyMap<string, string>;
}

/** Reads the databases and roles that exist under the names of these services. */
export async function findExisting(
  admin: pg.Client,
  environment: Environment,
  services: readonly string[],
): Promise<readonly ExistingDatabase[]> {
  const names = services.map((each) => environment.databaseName(each));
  const { rows: databases } = await admin.query<{ name: string; comment: string; owner: string }>(
    `SELECT datname AS name, coalesce(shobj_description(oid, 'pg_database'), '') AS comment,
            pg_get_userbyid(datdba) AS owner
     FROM pg_database WHERE datname = ANY($1)`,
    [names],
  );
  const { rows: roles } = await admin.query<{ name: string; comment: string }>(
    `SELECT rolname AS name, coalesce(shobj_description(oid, 'pg_authid'), '') AS comment
     FROM pg_roles WHERE rolname = ANY($1)`,
    [names.flatMap((name) => [`${name}_owner`, `${name}_app`])],
  );
  return names.map((name) => {
    const found = databases.find((each) => each.name === name);
    const own = roles.filter((each) => [`${name}_owner`, `${name}_app`].includes(each.name));
    return {
      database: name,
      owner: found?.owner,
      comment: found?.comment ?? '',
      roles: new Map(own.map((each) => [each.name, each.comment])),
    };
  });
}

/**
 * A database is ours when its owner is the role that we created for it. CREATE DATABASE names the owner, so that this
 * holds also when a crash prevented the comment on the database.
 */
export function isOurs({ database, owner, roles }: ExistingDatabase, mark: string): boolean {
  return owner === `${database}_owner` && roles.get(owner) === mark;
}

/** @throws CliError that lists what this installation did not create, with a hint */
export async function assertNoForeignDatabases(
  adminUrl: string,
  all: readonly ExistingDatabase[],
  mark: string,
  secrets: Secrets,
): Promise<void> {
  const foreign: string[] = [];
  for (const { database, owner, roles } of all) {
    if (owner !== undefined && owner !== `${database}_owner`) foreign.push(`database ${database}`);
    for (const [role, comment] of roles) {
      const ours =
        comment === mark || (comment === '' && (await hasOurPassword(adminUrl, role, secrets)));
      if (!ours) foreign.push(`role ${role}`);
    }
  }
  if (foreign.length === 0) return;
  throw new CliError(
    `PostgreSQL already has the ${foreign.join(', the ')}, which this installation did not create. Nothing was changed.`,
    'use another environment, whose names differ (--env demo: databases demo_…), or another server; what is left of an installation of yours: drop it yourself',
  );
}

/** Roles created by a version that left no comment: our password proves it, unless the server checks none. */
async function hasOurPassword(adminUrl: string, role: string, secrets: Secrets): Promise<boolean> {
  const own = secrets.roles[role];
  if (own === undefined || (await acceptsPassword(adminUrl, role, randomBytes(24).toString('hex'))))
    return false;
  return acceptsPassword(adminUrl, role, own);
}

async function acceptsPassword(adminUrl: string, role: string, password: string): Promise<boolean> {
  const url = new URL(adminUrl);
  url.username = role;
  url.password = password;
  const client = new pg.Client({ connectionString: url.href, connectionTimeoutMillis: 5_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}
