import pg from 'pg';
import { DataSource, type EntitySchema, type MigrationInterface } from 'typeorm';
import { BoundedClient, type Limits, limits } from './bounded-client.ts';
import { DedicatedConnection } from './dedicated-connection.ts';
import { type Exclusive, tryExclusive } from './exclusive.ts';
import { migrationLimits, runMigrations } from './migrate.ts';
import { Session } from './session.ts';
import { TableStatements } from './table-statements.ts';
import type { EntityClass, Where } from './unit-of-work.ts';

/**
 * Statements of a transaction do not wait for each other's results. A prepared statement keeps a plan that was made when
 * its tables were small, so that plan must be right for large ones, too: by index.
 */
const forPreparedStatements = {
  pipeline: true,
  options: '-c jit=off -c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off',
};

export interface DatabaseSettings {
  /** `postgres://role:password@host:port/database` */
  readonly url: string;
  readonly entities: readonly (abstract new () => object)[];
  /** Migrations in the order in which they run. */
  readonly migrations: readonly (new () => MigrationInterface)[];
  /** Maximum number of connections. */
  readonly poolSize?: number;
  readonly name?: string;
  /** Shorter limits for tests. */
  readonly limits?: Partial<Limits>;
}

const ignored = () => undefined;

/** A statement for a hot path: the database parses and plans it once for each connection. */
export interface PreparedStatement {
  readonly name: string;
  readonly text: string;
}

/**
 * One service's own database: the pool, the entities, the migrations. Statements end after 10 s, an idle
 * transaction after 4 s, a wait for a lock after 5 s, so that a stuck transaction never blocks others for long. When the
 * server does not respond, a query fails after 11 s and its connection is destroyed.
 */
export class Database {
  readonly source: DataSource;
  readonly #url: string;
  readonly #name: string;
  readonly #limits: Limits;
  readonly #settings: DatabaseSettings;
  readonly #tables = new Map<EntityClass<object>, TableStatements<object>>();

  constructor(settings: DatabaseSettings) {
    this.#url = settings.url;
    this.#name = settings.name ?? 'fieldguide';
    this.#limits = { ...limits, ...settings.limits };
    this.#settings = settings;
    this.source = this.#sourceWith(this.#limits, settings.poolSize ?? 8);
  }

  /** @throws Error that names the address (never the password) and suggests what to try */
  async open(): Promise<this> {
    try {
      await this.source.initialize();
    } catch (error) {
      throw new Error(
        `The database at ${this.#address()} cannot be reached: ${(error as Error).message}\n` +
          'Try: is PostgreSQL running (npm run status), and is DATABASE_URL right?',
      );
    }
    return this;
  }

  async close(): Promise<void> {
    if (this.source.isInitialized) await this.source.destroy();
  }

  /**
   * Runs the missing migrations, with limits of its own; one-off, as the owner role.
   * @returns the names of the migrations that ran
   * @see runMigrations
   */
  async migrate(): Promise<readonly string[]> {
    const source = await this.#sourceWith(migrationLimits, 2).initialize();
    try {
      return await runMigrations(source, (name) => this.tryExclusive(name));
    } finally {
      await source.destroy();
    }
  }

  /** @throws Error when the database is older than the code */
  async assertMigrated(): Promise<void> {
    const rows: { name: string }[] = await this.source
      .query('SELECT name FROM migrations')
      .catch(() => []);
    const done = new Set(rows.map(({ name }) => name));
    const missing = this.#settings.migrations
      .map((each) => each.name)
      .filter((name) => !done.has(name));
    if (missing.length > 0) {
      throw new Error(
        `The database at ${this.#address()} is older than this version: ${missing.join(', ')} not run.\n` +
          'Try: run this app once with the argument `migrate` and the owner role (npm start does it for you).',
      );
    }
  }

  /**
   * Runs one statement outside a unit of work, for reads and for libs. Never build SQL from input.
   * @param statement with a name: each connection prepares it once
   */
  async query<Row>(
    statement: string | PreparedStatement,
    values: readonly unknown[] = [],
  ): Promise<Row[]> {
    const config = typeof statement === 'string' ? { text: statement } : statement;
    // Not pool.query: it calls back, which BoundedClient does not observe, and it destroys the connection after any error.
    const client = await this.#pool.connect();
    client.on('error', ignored); // the query reports it
    try {
      return (await client.query({ ...config, values: [...values] })).rows as Row[];
    } finally {
      client.off('error', ignored);
      client.release();
    }
  }

  /** Finds rows as `UnitOfWork.find` does, outside a unit of work, sorted by the primary key. */
  async find<Row extends object>(
    entity: EntityClass<Row>,
    where: Where<Row>,
    limit: number,
  ): Promise<Row[]> {
    const table = this.table(entity);
    const { text, values } = table.find(where, table.key, limit);
    const session = await this.session();
    try {
      const { rows } = await session.query(text, values);
      return rows.map((row) => table.hydrate(row));
    } finally {
      session.release();
    }
  }

  /** Takes a connection from the pool, for a transaction; `release` it. */
  async session(): Promise<Session> {
    return new Session(await this.#pool.connect());
  }

  /** The statements on the table of an entity. */
  table<Row extends object>(entity: EntityClass<Row>): TableStatements<Row> {
    const known = this.#tables.get(entity);
    if (known) return known as TableStatements<Row>;
    const made = new TableStatements<Row>(this.source.getMetadata(entity));
    this.#tables.set(entity, made as TableStatements<object>);
    return made;
  }

  /** How the pool is used now. `waiting`: requests that wait for a connection. */
  get poolUse(): { used: number; idle: number; waiting: number; limit: number } {
    const { totalCount, idleCount: idle, waitingCount: waiting, options } = this.#pool;
    return { used: totalCount - idle, idle, waiting, limit: options.max };
  }

  get #pool(): pg.Pool {
    return (this.source.driver as unknown as { master: pg.Pool }).master;
  }

  /** @see tryExclusive */
  tryExclusive(name: string): Promise<Exclusive | undefined> {
    return tryExclusive({ connectionString: this.#url, ...this.#limits }, name);
  }

  /**
   * Creates a connection outside the pool, with the same limits.
   * @param use the purpose; PostgreSQL lists the connection under the service's name and this
   */
  dedicatedConnection(
    use: string,
    options: { readonly pipeline?: boolean } = {},
  ): DedicatedConnection {
    const application_name = `${this.#name} ${use}`;
    return new DedicatedConnection({
      connectionString: this.#url,
      application_name,
      ...this.#limits,
      ...options,
    });
  }

  #sourceWith(bounds: Limits, poolSize: number): DataSource {
    return new DataSource({
      type: 'postgres',
      driver: pg,
      url: this.#settings.url,
      applicationName: this.#name,
      entities: [...this.#settings.entities] as ((new () => object) | EntitySchema)[],
      migrations: [...this.#settings.migrations] as never,
      migrationsTransactionMode: 'each',
      synchronize: false,
      migrationsRun: false,
      installExtensions: false,
      poolSize,
      extra: { ...bounds, ...forPreparedStatements, Client: BoundedClient },
    });
  }

  #address(): string {
    const { hostname, port, pathname } = new URL(this.#url);
    return `${hostname}:${port}${pathname}`;
  }
}
