import { resolve } from 'node:path';
import type { Operation } from '@fieldguide/contracts/payment-provider';
import type { PlatformState } from '@fieldguide/platform-host/state';
import pg from 'pg';
import { environmentOf } from '../running-instance.ts';
import { assertEqual, type Contender, type End } from './contender.ts';
import { type Platform, readState, startPlatform } from './platform.ts';
import type { Watched } from './usage.ts';

const ends: Readonly<Record<string, string>> = {
  OrderCompleted: 'completed',
  OrderRejected: 'rejected',
  OrderCancelled: 'cancelled',
};
const checkoutServices = ['ordering', 'inventory', 'payments', 'shipping'];

export interface StartOptions {
  /** The environment to start; its data is deleted before. */
  readonly env: string;
  /** Loads pg_stat_statements. */
  readonly statements: boolean;
  readonly signal: AbortSignal;
}

/** The system of a checkout of this repository. */
export class Shop implements Contender {
  readonly gatewayUrl: string;
  readonly watched: Watched;
  readonly dispatchDelayMs = 1_000; // shipping's default
  readonly #ownQueries = new Map<string, number>();
  readonly #clients: ReadonlyMap<string, pg.Client>;
  readonly #state: PlatformState;
  readonly #platform: Platform | undefined;

  private constructor(
    state: PlatformState,
    watched: Omit<Watched, 'ownQueries' | 'databases'>,
    clients: ReadonlyMap<string, pg.Client>,
    platform: Platform | undefined,
  ) {
    this.gatewayUrl = state.gatewayUrl!;
    const databases = new Map([...clients].map(([service, { database }]) => [service, database!]));
    this.watched = { ...watched, databases, ownQueries: this.#ownQueries };
    this.#clients = clients;
    this.#state = state;
    this.#platform = platform;
  }

  /** Starts it with empty databases. */
  static async start(folder: string, options: StartOptions): Promise<Shop> {
    const { env, statements, signal } = options;
    let platform = await startPlatform(folder, env, signal, true);
    try {
      if (statements) {
        const admin = await connect(platform.state.backing!['postgres']!);
        await admin.query("ALTER SYSTEM SET shared_preload_libraries = 'pg_stat_statements'");
        await admin.end();
        await platform.stop();
        platform = await startPlatform(folder, env, signal, false);
      }
      return await Shop.attach(folder, env, platform);
    } catch (error) {
      await platform.stop();
      throw error;
    }
  }

  /** @throws Error when no platform runs in this environment of the checkout */
  static async attach(folder: string, env: string, platform?: Platform): Promise<Shop> {
    const state = readState(folder, env);
    if (!state?.gatewayUrl || !state.backing)
      throw new Error(
        `Nothing runs in the environment "${env}" of ${resolve(folder)}. Try: npm start`,
      );
    const clients = new Map<string, pg.Client>();
    for (const { app, pid } of state.instances) {
      const own = environmentOf(pid)['DATABASE_URL'];
      if (!own || clients.has(app)) continue;
      const url = new URL(state.backing['postgres']!);
      url.pathname = new URL(own).pathname;
      clients.set(app, await connect(url.href));
    }
    const { postgres, ...services } = state.services;
    const processes = [
      ...state.instances.map(
        ({ app, slot, pid }) => [slot > 1 ? `${app} ${slot}` : app, pid] as const,
      ),
      ['platform controller', state.pid] as const,
      ...Object.entries(services).map(([name, { pid }]) => [name, pid] as const),
    ];
    const metrics = state.instances
      .filter(({ slot }) => slot === 1)
      .map(({ app, port }) => [app, `http://127.0.0.1:${port}/metrics`] as const);
    const watched = {
      processes: new Map(processes),
      postgresPid: postgres?.pid,
      sessions: new Map(),
      admin: await connect(state.backing['postgres']!),
      kafkaUrl: state.backing['kafka']!,
      topicPrefix: env === 'local' ? '' : `${env}.`,
      metrics: new Map(metrics),
    };
    return new Shop(state, watched, clients, platform);
  }

  get postgresUrl(): string {
    return this.#state.backing!['postgres']!;
  }

  async countOpen(): Promise<number> {
    return this.#count('ordering', 'SELECT count(*) AS n FROM open_checkouts');
  }

  async isQuiet(): Promise<boolean> {
    for (const service of checkoutServices)
      if ((await this.#count(service, 'SELECT count(*) AS n FROM outbox')) > 0) return false;
    return (await this.#count('inventory', 'SELECT sum(reserved_units) AS n FROM stock')) === 0;
  }

  async ends(sinceMs: number): Promise<ReadonlyMap<string, End>> {
    const rows = await this.#query<{ id: string; type: string; why: string | null; ms: number }>(
      'ordering',
      `SELECT data->>'orderId' AS id, type, data->>'reason' AS why,
         (extract(epoch FROM time) * 1000)::float8 AS ms
       FROM events WHERE type = ANY($1) AND time >= $2`,
      [Object.keys(ends), new Date(sinceMs)],
    );
    const named = rows.map(({ id, type, why, ms }) => {
      return [id, { end: ends[type]! + (why ? `: ${why}` : ''), atMs: ms }] as const;
    });
    return new Map(named);
  }

  async assertInvariants(): Promise<void> {
    const approved = (await this.#ledger()).filter(({ outcome }) => outcome === 'approved');
    const captures = approved.filter(({ kind }) => kind === 'capture');
    const payments = new Set(captures.map(({ paymentId }) => paymentId));
    assertEqual('captures, one for each payment', captures.length, payments.size);
    const captured = captures.reduce((all, { amount }) => all + amount.amountMinor, 0);
    const [sold] = await this.#query<{ minor: number; units: number }>(
      'ordering',
      `SELECT coalesce(sum((total->>'amountMinor')::float8), 0) AS minor, coalesce(sum(units), 0)::float8 AS units
       FROM order_summary, LATERAL (
         SELECT sum((line->>'quantity')::int) AS units FROM jsonb_array_elements(lines) AS line
       ) AS of_order WHERE status = 'completed'`,
    );
    assertEqual('captured money, as sold', captured, sold!.minor);
    const shipped = await this.#count(
      'inventory',
      `SELECT sum((line->>'quantity')::int) AS n
       FROM reservations, jsonb_array_elements(lines) AS line WHERE status = 'shipped'`,
    );
    assertEqual('shipped units, as sold', shipped, sold!.units);
    const parked = 'SELECT count(*) AS n FROM dead_letters WHERE NOT redriven';
    for (const service of checkoutServices)
      assertEqual(`dead letters of ${service}`, await this.#count(service, parked), 0);
  }

  /** Closes connections, and stops the platform if the benchmark started it. */
  async close(): Promise<void> {
    for (const client of [this.watched.admin, ...this.#clients.values()])
      await client.end().catch(() => undefined);
    await this.#platform?.stop();
  }

  async #count(service: string, sql: string): Promise<number> {
    return Number((await this.#query<{ n: string }>(service, sql))[0]!.n ?? 0);
  }

  async #query<Row extends object>(service: string, sql: string, values: unknown[] = []) {
    this.#ownQueries.set(service, (this.#ownQueries.get(service) ?? 0) + 1);
    return (await this.#clients.get(service)!.query<Row>(sql, values)).rows;
  }

  async #ledger(): Promise<readonly Operation[]> {
    const all: Operation[] = [];
    let cursor: string | null = '0';
    while (cursor !== null) {
      const url: string = `${this.#state.providerUrl}/ledger?limit=1000&cursor=${cursor}`;
      const page = (await (await fetch(url)).json()) as {
        operations: Operation[];
        nextCursor: string | null;
      };
      all.push(...page.operations);
      cursor = page.nextCursor;
    }
    return all;
  }
}

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, application_name: 'bench' });
  client.on('error', () => undefined); // the next query fails
  await client.connect();
  return client;
}
