import 'reflect-metadata';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { SystemClock } from '@fieldguide/clock';
import type { Database } from '@fieldguide/database';
import { freshDatabase, ThingsTable1760000009000 } from '@fieldguide/database/testing';
import { brokerSettings } from '@fieldguide/messaging/broker-url';
import { KafkaMessaging, messageTables } from '@fieldguide/messaging/parts';
import { envelope } from '@fieldguide/messaging/testing';
import { makeLog } from '@fieldguide/telemetry';
import { Kafka, logLevel } from 'kafkajs';
import { rolldown } from 'rolldown';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { phases, ThingCounted, ThingSent } from './testing/stoppable-service.ts';

/** The phases in which the service is killed. */
const cases = [...phases, 'none'] as const;
const environmentOf = (phase: string) => `stop-${phase.toLowerCase()}`;
const STOP_MS_MAX = 10_000;
const clock = new SystemClock();
const log = makeLog('test', 'test', 'silent');
const folder = mkdtempSync(join(import.meta.dirname, '.bundle-'));
const file = join(folder, 'service.mjs');
beforeAll(async () => {
  // Node does not compile decorators.
  const build = await rolldown({
    input: join(import.meta.dirname, 'testing/stoppable-service.ts'),
    platform: 'node',
    tsconfig: join(import.meta.dirname, '../../../tsconfig.json'),
    external: (id) => !/^([./]|@fieldguide\/|@oxc-project\/|\0)/.test(id),
    logLevel: 'silent',
  });
  await build.write({ file, format: 'esm', keepNames: true });
  await build.close();
  const admin = kafka().admin();
  await admin.connect();
  const topics = cases.flatMap((each) =>
    [ThingSent, ThingCounted].map(({ topic }) => ({ topic: `${environmentOf(each)}.${topic}` })),
  );
  await admin.createTopics({ topics, waitForLeaders: true });
  await admin.disconnect();
});
const running = new Set<ChildProcess>();
afterAll(() => {
  for (const child of running) child.kill('SIGKILL');
  rmSync(folder, { recursive: true });
});

/** A running service, with what it prints. */
class Service {
  readonly phases: string[] = [];
  readonly #child: ChildProcess;
  readonly #port = Promise.withResolvers<number>();
  readonly exit: Promise<number | null>;

  constructor(environment: string, databaseUrl: string, stopIn = 'none') {
    this.#child = spawn(process.execPath, [file], {
      env: {
        PATH: process.env.PATH,
        SYSTEM_NAME: 'test',
        ENVIRONMENT: environment,
        INSTANCE: `things-${stopIn}`,
        PORT: '0',
        CONSUL_HTTP_ADDR: 'http://127.0.0.1:9',
        MESSAGING_URL: inject('backing').kafka,
        DATABASE_URL: databaseUrl,
        STOP_IN: stopIn,
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    running.add(this.#child);
    this.exit = once(this.#child, 'exit').then(([code]) => code);
    createInterface({ input: this.#child.stdout! }).on('line', (line) => {
      const { phase, port } = JSON.parse(line) as { phase?: string; port?: { port: number } };
      if (phase) this.phases.push(phase);
      if (phase === stopIn) this.kill('SIGKILL');
      if (typeof port === 'object') this.#port.resolve(port.port);
    });
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** @returns whether the thing was acknowledged */
  async add(id: string): Promise<boolean> {
    const url = `http://127.0.0.1:${await this.#port.promise}/things/${id}`;
    const response = await fetch(url, { method: 'POST' }).catch(() => undefined);
    return response?.status === 200;
  }
}

const kafka = () =>
  new Kafka({
    clientId: 'spec',
    ...brokerSettings(inject('backing').kafka),
    logLevel: logLevel.NOTHING,
  });

describe.concurrent('a service that stops', () => {
  it.each(cases)('loses and doubles nothing when it is killed in the phase %s', async (phase) => {
    const database = await freshDatabase(
      inject('backing').postgres,
      `int_${environmentOf(phase).replace('-', '_')}`,
      { migrations: [...messageTables.migrations, ThingsTable1760000009000] },
    );
    const environment = environmentOf(phase);
    const prefix = `${environment}.`;
    const url = inject('backing').kafka;
    const messaging = new KafkaMessaging({ url, clientId: 'spec', prefix, clock, log });
    /** The ids of the published messages of each thing. */
    const published = new Map<string, Set<string>>();
    await messaging.subscribe(
      [ThingCounted.topic],
      { mode: 'broadcast', group: 'spec' },
      async (records) => {
        for (const { value } of records) {
          const { subject, id } = JSON.parse(value.toString()) as { subject: string; id: string };
          published.set(subject, (published.get(subject) ?? new Set()).add(id));
        }
      },
    );

    const expected = new Set<string>();
    const first = new Service(environment, database.url, phase);
    const sending = send(first, messaging, expected);
    await expect.poll(() => published.size, { timeout: 60_000 }).toBeGreaterThan(20);
    const stoppedAt = performance.now();
    first.kill('SIGTERM');
    const code = await first.exit;
    expect(performance.now() - stoppedAt).toBeLessThan(STOP_MS_MAX);
    const isKilled = phase !== 'none';
    expect(code).toBe(isKilled ? null : 0);
    expect(first.phases.at(-1)).toBe(isKilled ? phase : 'poolsClose');
    await sending;

    const next = new Service(environment, database.url);
    const missing = () => [...expected].filter((id) => !published.has(id));
    await expect.poll(missing, { timeout: 60_000 }).toEqual([]);
    next.kill('SIGTERM');
    expect(await next.exit).toBe(0);
    expect(await doubled(database)).toEqual([]);
    expect([...published].filter(([, ids]) => ids.size !== 1)).toEqual([]);
    await messaging.close();
    await database.close();
  });
});

/** Sends messages and requests until the service ends; adds those that were acknowledged to `expected`. */
async function send(
  service: Service,
  messaging: KafkaMessaging,
  expected: Set<string>,
): Promise<void> {
  let isRunning = true;
  const ended = service.exit.then(() => {
    isRunning = false;
  });
  const messages = async () => {
    for (let n = 0; isRunning; n++) {
      await messaging.publish([
        { topic: ThingSent.topic, envelope: envelope(`message-${n}`, {}, ThingSent.type) },
      ]);
      expected.add(`message-${n}`);
    }
  };
  const requests = async () => {
    for (let n = 0; isRunning; n++)
      if (await service.add(`request-${n}`)) expected.add(`request-${n}`);
  };
  await Promise.all([messages(), requests(), ended]);
}

const doubled = (database: Database) =>
  database.query('SELECT id, count FROM things WHERE count <> 1');
