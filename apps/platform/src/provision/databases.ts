import pg from 'pg';
import type { Environment, Secrets } from '../environment.ts';

/**
 * One database and two roles for each service: the owner migrates, the app serves and owns nothing. A role cannot
 * connect to another's database. Running it again changes nothing.
 */
export async function provisionDatabases(
  adminUrl: string,
  environment: Environment,
  services: readonly string[],
  { roles }: Secrets,
): Promise<void> {
  const admin = await connect(adminUrl);
  try {
    const { rows } = await admin.query<{ datname: string }>('SELECT datname FROM pg_database');
    const present = new Set(rows.map(({ datname }) => datname));
    for (const service of services) {
      const database = environment.databaseName(service);
      const [owner, app] = [`${database}_owner`, `${database}_app`];
      for (const role of [owner, app]) await ensureRole(admin, role, roles[role]!);
      if (present.has(database)) continue;
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
    }
  } finally {
    await admin.end();
  }
}

/** For `reset`: the databases go, whoever is still connected. */
export async function dropDatabases(
  adminUrl: string,
  environment: Environment,
  services: readonly string[],
): Promise<void> {
  const admin = await connect(adminUrl);
  try {
    for (const service of services) {
      await admin.query(
        `DROP DATABASE IF EXISTS ${id(environment.databaseName(service))} WITH (FORCE)`,
      );
    }
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

async function ensureRole(admin: pg.Client, role: string, password: string): Promise<void> {
  const { rowCount } = await admin.query('SELECT FROM pg_roles WHERE rolname = $1', [role]);
  const verb = rowCount ? 'ALTER' : 'CREATE';
  await admin.query(`${verb} ROLE ${id(role)} LOGIN PASSWORD ${pg.escapeLiteral(password)}`);
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
