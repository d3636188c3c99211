import { privateLogSettings } from '@fieldguide/platform-host/backing-services/private-log-settings';
import type { Environment, Secrets } from '@fieldguide/platform-host/environment';
import pg from 'pg';
import { assertNoForeignDatabases, findExisting, isOurs } from './ownership.ts';

/**
 * One database and two roles for each service: the owner migrates, the app serves and owns nothing. A role cannot
 * connect to another's database. Running it again changes nothing, and completes what a crash has interrupted.
 * The server may serve others too: what is created carries a comment that names this installation, and nothing
 * without it is changed.
 * @throws CliError before anything is changed, when a database or role of that name belongs to another owner
 */
export async function provisionDatabases(
  adminUrl: string,
  environment: Environment,
  services: readonly string[],
  secrets: Secrets,
): Promise<void> {
  const mark = environment.ownerMark(secrets);
  const admin = await connect(adminUrl);
  try {
    const all = await findExisting(admin, environment, services);
    await assertNoForeignDatabases(adminUrl, all, mark, secrets);
    for (const { database, owner: existing, comment } of all) {
      const [owner, app] = [`${database}_owner`, `${database}_app`];
      for (const role of [owner, app]) await ensureRole(admin, role, secrets.roles[role]!, mark);
      if (existing && comment === mark) continue;
      if (!existing)
        await admin.query(`CREATE DATABASE ${id(database)} OWNER ${id(owner)} STRATEGY file_copy`);
      await admin.query(`REVOKE ALL ON DATABASE ${id(database)} FROM PUBLIC`);
      await admin.query(`GRANT CONNECT ON DATABASE ${id(database)} TO ${id(app)}`);
      const inside = await connect(withDatabase(adminUrl, database));
      try {
        await inside.query(`
          REVOKE ALL ON SCHEMA public FROM PUBLIC;
          ALTER SCHEMA public OWNER TO ${id(owner)};
          GRANT USAGE ON SCHEMA public TO ${id(app)};
          ALTER DEFAULT PRIVILEGES FOR ROLE ${id(owner)} IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO ${id(app)};
          ALTER DEFAULT PRIVILEGES FOR ROLE ${id(owner)} IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO ${id(app)};
        `);
      } finally {
        await inside.end();
      }
      // Last, so that a database without it is completed the next time.
      await admin.query(`COMMENT ON DATABASE ${id(database)} IS ${pg.escapeLiteral(mark)}`);
    }
  } finally {
    await admin.end();
  }
}

/** For `reset`: drops the databases that this installation created, also under open connections. */
export async function dropDatabases(
  adminUrl: string,
  environment: Environment,
  services: readonly string[],
  secrets: Secrets,
): Promise<void> {
  const mark = environment.ownerMark(secrets);
  const admin = await connect(adminUrl);
  try {
    for (const each of await findExisting(admin, environment, services))
      if (isOurs(each, mark)) await admin.query(`DROP DATABASE ${id(each.database)} WITH (FORCE)`);
  } finally {
    await admin.end();
  }
}

/** The address that a role uses for its own database. */
export function databaseUrl(
  adminUrl: string,
  environment: Environment,
  service: string,
  kind: 'owner' | 'app',
  { roles }: Secrets,
): string {
  const database = environment.databaseName(service);
  const role = `${database}_${kind}`;
  const url = new URL(withDatabase(adminUrl, database));
  url.username = role;
  url.password = roles[role]!;
  return url.href;
}

/** The role and its comment in one transaction: a role of ours without the comment would be refused. */
async function ensureRole(
  admin: pg.Client,
  role: string,
  password: string,
  mark: string,
): Promise<void> {
  const { rowCount } = await admin.query('SELECT FROM pg_roles WHERE rolname = $1', [role]);
  const verb = rowCount ? 'ALTER' : 'CREATE';
  await admin.query(`
    BEGIN;
    ${verb} ROLE ${id(role)} LOGIN PASSWORD ${pg.escapeLiteral(password)};
    COMMENT ON ROLE ${id(role)} IS ${pg.escapeLiteral(mark)};
    COMMIT;
  `);
  try {
    const set = privateLogSettings.map(([name, value]) => `SET ${name} = '${value}'`);
    await admin.query(set.map((each) => `ALTER ROLE ${id(role)} ${each}`).join(';')); // one transaction
  } catch (error) {
    // The administrator of an attached server need not be a superuser; its log is then that server's business.
    if ((error as { code?: string }).code !== '42501') throw error;
  }
}

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  client.on('error', () => undefined); // the statement in hand rejects, and that is what we look at
  await client.connect();
  return client;
}

function withDatabase(url: string, database: string): string {
  const changed = new URL(url);
  changed.pathname = `/${database}`;
  return changed.href;
}

const id = (name: string) => pg.escapeIdentifier(name);
