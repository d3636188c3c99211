import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import pg from 'pg';
import { freshDatabase } from '../event-store/databases.ts';
import { assertEqual, type Contender, type End } from './contender.ts';
import type { Watched } from './usage.ts';

/** A shop in one process of its own, on backing services of another contender. */
export interface ForkedOptions {
  /** Of its database and of the role that uses it. */
  readonly name: string;
  readonly tables: string;
  readonly main: URL;
  readonly env: Readonly<Record<string, string>>;
  /** Processes of the other contender that it uses. */
  readonly uses: readonly string[];
  readonly topicPrefix: string;
  /** What SQL counts, as `FROM` clauses. */
  readonly counts: Readonly<Record<'orders' | 'open' | 'unsent' | 'captured' | 'shipped', string>>;
}

export class ForkedShop implements Contender {
  readonly gatewayUrl: string;
  readonly watched: Watched;
  readonly dispatchDelayMs = 0;
  readonly #ownQueries: Map<string, number>;
  readonly #options: ForkedOptions;
  readonly #client: pg.Client;
  readonly #child: ChildProcess;

  private constructor(
    beside: Watched,
    options: ForkedOptions,
    client: pg.Client,
    child: ChildProcess,
    port: number,
  ) {
    const { name, uses, topicPrefix } = options;
    const used = [...beside.processes].filter(([each]) => uses.includes(each));
    this.gatewayUrl = `http://127.0.0.1:${port}`;
    this.#options = options;
    this.#client = client;
    this.#child = child;
    this.#ownQueries = new Map([[name, 0]]);
    this.watched = {
      ...beside,
      processes: new Map([[name, child.pid!], ...used]),
      sessions: new Map(),
      databases: new Map([[name, name]]),
      ownQueries: this.#ownQueries,
      topicPrefix,
      metrics: new Map(),
    };
  }

  static async start(
    beside: Watched,
    postgresUrl: string,
    options: ForkedOptions,
  ): Promise<ForkedShop> {
    const { name, tables, main, env } = options;
    const url = new URL(await freshDatabase(postgresUrl, name));
    const client = new pg.Client({ connectionString: url.href });
    await client.connect();
    // A role of its own: the administrator's statements are not counted.
    await client.query(`DROP ROLE IF EXISTS ${name}`);
    await client.query(`CREATE ROLE ${name} LOGIN PASSWORD '${name}'`);
    await client.query(`ALTER DATABASE ${name} OWNER TO ${name}`);
    await client.query(`SET ROLE ${name}; ${tables}; RESET ROLE`);
    [url.username, url.password] = [name, name];
    const child = fork(main, {
      env: { ...process.env, ...env, DATABASE_URL: url.href },
      detached: true,
    });
    const [message] = await Promise.race([once(child, 'message'), once(child, 'exit')]);
    if (!message?.port) throw new Error(`The shop ${name} did not start`);
    return new ForkedShop(beside, options, client, child, message.port);
  }

  countOpen(): Promise<number> {
    return this.#count('open');
  }

  async isQuiet(): Promise<boolean> {
    return (await this.#count('unsent')) === 0;
  }

  async ends(sinceMs: number): Promise<ReadonlyMap<string, End>> {
    const { rows } = await this.#client.query<{ id: string; ms: number }>(
      `SELECT order_id AS id, (extract(epoch FROM completed_at) * 1000)::float8 AS ms
       FROM ${this.#options.counts.orders} WHERE placed_at >= $1 AND completed_at IS NOT NULL`,
      [new Date(sinceMs)],
    );
    return new Map(rows.map(({ id, ms }) => [id, { end: 'completed', atMs: ms }]));
  }

  async assertInvariants(): Promise<void> {
    const orders = await this.#count('orders');
    assertEqual('captured payments', await this.#count('captured'), orders);
    assertEqual('shipped units', await this.#count('shipped'), orders);
  }

  async close(): Promise<void> {
    await this.#client.end();
    if (this.#child.exitCode !== null) return;
    const exited = once(this.#child, 'exit');
    this.#child.disconnect();
    await exited;
  }

  async #count(what: keyof ForkedOptions['counts']): Promise<number> {
    const { name, counts } = this.#options;
    this.#ownQueries.set(name, this.#ownQueries.get(name)! + 1);
    const { rows } = await this.#client.query(`SELECT count(*)::int AS n FROM ${counts[what]}`);
    return rows[0].n;
  }
}
