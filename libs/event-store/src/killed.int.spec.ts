import 'reflect-metadata';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer, connect as dial, type Server } from 'node:net';
import { join } from 'node:path';
import { SystemClock, SystemIds } from '@fieldguide/clock';
import { type Database } from '@fieldguide/database';
import { PostgresUnitOfWorkRunner } from '@fieldguide/database/parts';
import { freshDatabase, Note, Thing, ThingsTable1760000009000 } from '@fieldguide/database/testing';
import { MemoryNotifier } from '@fieldguide/workers';
import { rolldown } from 'rolldown';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { Checkpoint, eventStoreMigrations, PostgresEventStore } from './parts.ts';
import { commits, VICTIM, work } from './testing/appending.ts';

const folder = mkdtempSync(join(import.meta.dirname, '.bundle-'));
const file = join(folder, 'appending.mjs');
const [clock, ids] = [new SystemClock(), new SystemIds()];
const notifier = new MemoryNotifier(clock);
let database: Database & { url: string };
let store: PostgresEventStore;
let units: PostgresUnitOfWorkRunner;
beforeAll(async () => {
  database = await freshDatabase(inject('backing').postgres, 'int_killed', {
    entities: [Checkpoint, Thing, Note],
    migrations: [...eventStoreMigrations, ThingsTable1760000009000],
  });
  store = new PostgresEventStore(database, clock, ids, notifier);
  units = new PostgresUnitOfWorkRunner(database, { service: 'test', clock, ids }, notifier);
  // Node does not compile decorators.
  const build = await rolldown({
    input: join(import.meta.dirname, 'testing/appending.ts'),
    platform: 'node',
    tsconfig: join(import.meta.dirname, '../../../tsconfig.json'),
    external: (id) => !/^([./]|@fieldguide\/|@oxc-project\/|\0)/.test(id),
    logLevel: 'silent',
  });
  await build.write({ file, format: 'esm', keepNames: true });
  await build.close();
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await store.close();
  await database.close();
});

interface Ended {
  readonly acknowledged: readonly string[];
  /** The number of statements that the process sent to the database. */
  readonly statements: number;
}

/**
 * Runs the work in a process of its own, and kills it at its nth statement: before the database receives it, or after
 * the database has executed it and before the process receives the result.
 */
async function killAt(nth: number, when: 'before' | 'after'): Promise<Ended> {
  let child: ChildProcess | undefined;
  let statements = 0;
  const server = createServer((client) => {
    const { hostname, port } = new URL(database.url);
    const upstream = dial(Number(port), hostname);
    const cut = () => {
      child?.kill('SIGKILL');
      client.destroy();
      upstream.destroy();
    };
    let isDoomed = false;
    client.on('data', (chunk) => {
      if (isStatement(chunk) && ++statements === nth) {
        if (when === 'before') return cut();
        isDoomed = true;
      }
      upstream.write(chunk);
    });
    upstream.on('data', (chunk) => (isDoomed ? cut() : client.write(chunk)));
    for (const [one, other] of [[client, upstream] as const, [upstream, client] as const]) {
      one.on('error', () => other.destroy());
      one.on('close', () => other.destroy());
    }
  });
  const url = new URL(database.url);
  url.hostname = '127.0.0.1';
  url.port = String(await listening(server));
  const script = `import { run } from ${JSON.stringify(file)}; await run(${JSON.stringify(url.href)});`;
  child = spawn(
    process.execPath,
    ['--import', 'reflect-metadata', '--input-type=module', '-e', script],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
      cwd: folder,
      env: { ...process.env, NODE_COMPILE_CACHE: join(folder, 'compile-cache') },
    },
  );
  let output = '';
  child.stdout!.on('data', (chunk) => (output += chunk));
  await new Promise((resolve) => child.once('close', resolve));
  await new Promise((resolve) => server.close(resolve));
  await expect.poll(connections).toBe(0); // its statements have ended, too
  return { acknowledged: output.split('\n').filter(Boolean), statements };
}

const isStatement = (chunk: Buffer) => 'QPB'.includes(String.fromCharCode(chunk[0]!));

function listening(server: Server): Promise<number> {
  return new Promise((resolve) =>
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)),
  );
}

async function connections(): Promise<number> {
  const sql = `SELECT FROM pg_stat_activity WHERE application_name LIKE '${VICTIM}%'`;
  return (await database.query(sql)).length;
}

const count = async (table: string) => (await database.query(`SELECT FROM ${table}`)).length;

/** @returns the stored commits; a partial one is marked as such */
async function stored(): Promise<string[]> {
  const events = await database.query<{ at: number }>(
    "SELECT (data->>'at')::int AS at FROM events",
  );
  const present = new Set(events.map(({ at }) => at));
  return Object.entries(commits).flatMap(([commit, own]) => {
    const found = own.filter((at) => present.has(at)).length;
    if (found === 0) return [];
    return [found === own.length ? commit : `a part of ${commit}`];
  });
}

/** Describes the inconsistencies of what is stored. */
async function inconsistencies(): Promise<string[]> {
  const [{ end }] = (await database.query<{ end: number }>(
    'SELECT position::int AS end FROM feed_end',
  )) as [{ end: number }];
  const { events } = await store.readAll('0', 100);
  const heads = await database.query(
    `SELECT FROM streams s FULL JOIN (SELECT stream, max(version) AS version, count(*) AS n FROM events GROUP BY 1) e
     USING (stream) WHERE s.version IS DISTINCT FROM e.version OR e.n IS DISTINCT FROM e.version`,
  );
  const units = (await stored()).filter((each) => each === 'unit' || each === 'atCommit').length;
  return [
    ...(events.length === end && (await count('events')) === end ? [] : ['the feed has a gap']),
    ...(heads.length === 0 ? [] : ['a stream has another version than its events']),
    ...((await count('things')) === units && (await count('notes')) === units
      ? []
      : ['a unit of work is stored in part']),
  ];
}

const empty = async () => {
  await database.query('TRUNCATE streams, events, feed, things, notes');
  await database.query('UPDATE feed_end SET position = 0');
};

it('loses no acknowledged event and stores no partial commit when a process is killed between any two statements; a retry stores each event once', async () => {
  await empty();
  const whole = await killAt(0, 'before');
  expect(whole.acknowledged).toEqual(Object.keys(commits));
  expect(whole.statements).toBeGreaterThan(8);
  const cases = Array.from({ length: whole.statements }, (_, n) => n + 1).flatMap((nth) =>
    (['before', 'after'] as const).map((when) => [nth, when] as const),
  );
  let unacknowledged = 0;
  for (const [nth, when] of cases) {
    await empty();
    const { acknowledged } = await killAt(nth, when);
    const at = `killed ${when} its statement ${nth}`;
    const after = await stored();
    expect(after, at).toEqual(expect.arrayContaining([...acknowledged]));
    expect(Object.keys(commits), at).toEqual(expect.arrayContaining(after));
    expect(await inconsistencies(), at).toEqual([]);
    unacknowledged += after.length - acknowledged.length;
    await work(store, units, () => undefined);
    expect(await stored(), at).toEqual(Object.keys(commits));
    expect(await inconsistencies(), at).toEqual([]);
    expect(await store.lastPosition(), at).toBe('14');
  }
  expect(unacknowledged).toBeGreaterThan(3); // some were committed before their process could acknowledge them
}, 120_000);
