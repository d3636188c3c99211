import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Kafka, logLevel } from 'kafkajs';
import pg from 'pg';
import { freshDatabase } from '../../event-store/databases.ts';
import { assertEqual, type Contender, type End } from '../contender.ts';
import type { Watched } from '../usage.ts';
import { services, TABLES, UNITS } from './steps.ts';

const DATABASE = 'naive';
const PARTITIONS = 3;

/** The naive shop, on PostgreSQL and Kafka of another contender. */
export class NaiveShop implements Contender {
  readonly gatewayUrl: string;
  readonly watched: Watched;
  readonly dispatchDelayMs = 0;
  readonly #ownQueries = new Map([[DATABASE, 0]]);
  readonly #client: pg.Client;
  readonly #child: ChildProcess;

  private constructor(beside: Watched, client: pg.Client, child: ChildProcess, port: number) {
    const kafka = [...beside.processes].filter(([name]) => name === 'kafka');
    this.gatewayUrl = `http://127.0.0.1:${port}`;
    this.#client = client;
    this.#child = child;
    this.watched = {
      ...beside,
      processes: new Map([['naive services', child.pid!], ...kafka]),
      sessions: new Map(),
      databases: new Map([[DATABASE, DATABASE]]),
      ownQueries: this.#ownQueries,
      topicPrefix: 'naive.',
      metrics: new Map(),
    };
  }

  static async start(beside: Watched, postgresUrl: string): Promise<NaiveShop> {
    const url = await freshDatabase(postgresUrl, DATABASE);
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    await client.query(TABLES);
    await createTopics(beside.brokers);
    const child = fork(fileURLToPath(new URL('main.ts', import.meta.url)), {
      env: { ...process.env, BROKERS: beside.brokers.join(','), DATABASE_URL: url },
      detached: true,
    });
    const [message] = await Promise.race([once(child, 'message'), once(child, 'exit')]);
    if (!message?.port) throw new Error('The naive shop did not start');
    return new NaiveShop(beside, client, child, message.port);
  }

  countOpen(): Promise<number> {
    return this.#count('ordering.orders WHERE completed_at IS NULL');
  }

  async isQuiet(): Promise<boolean> {
    for (const service of services) if ((await this.#count(`${service}.outbox`)) > 0) return false;
    return (await this.#count('inventory.stock WHERE reserved > 0')) === 0;
  }

  async ends(sinceMs: number): Promise<ReadonlyMap<string, End>> {
    const { rows } = await this.#client.query<{ id: string; ms: number }>(
      `SELECT order_id AS id, (extract(epoch FROM completed_at) * 1000)::float8 AS ms
       FROM ordering.orders WHERE placed_at >= $1 AND completed_at IS NOT NULL`,
      [new Date(sinceMs)],
    );
    return new Map(rows.map(({ id, ms }) => [id, { end: 'completed', atMs: ms }]));
  }

  async assertInvariants(): Promise<void> {
    const orders = await this.#count('ordering.orders');
    const captured = await this.#count("payments.payments WHERE status = 'captured'");
    assertEqual('captured payments', captured, orders);
    const shipped = `inventory.stock, generate_series(on_hand + 1, ${UNITS})`;
    assertEqual('shipped units', await this.#count(shipped), orders);
  }

  async close(): Promise<void> {
    await this.#client.end();
    if (this.#child.exitCode !== null) return;
    const exited = once(this.#child, 'exit');
    this.#child.disconnect();
    await exited;
  }

  async #count(from: string): Promise<number> {
    this.#ownQueries.set(DATABASE, this.#ownQueries.get(DATABASE)! + 1);
    const { rows } = await this.#client.query(`SELECT count(*)::int AS n FROM ${from}`);
    return rows[0].n;
  }
}

async function createTopics(brokers: readonly string[]): Promise<void> {
  const admin = new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  await admin.createTopics({
    waitForLeaders: true,
    topics: services.map((each) => ({ topic: `naive.${each}`, numPartitions: PARTITIONS })),
  });
  await admin.disconnect();
}
