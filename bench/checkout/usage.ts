import { readdirSync, readFileSync } from 'node:fs';
import { brokerSettings } from '@fieldguide/messaging/broker-url';
import { Kafka, logLevel } from 'kafkajs';
import type pg from 'pg';

const TICK_MS = 10; // USER_HZ on Linux is 100

/** The processes, databases and broker that a contender uses. */
export interface Watched {
  /** Process ids by name. */
  readonly processes: ReadonlyMap<string, number>;
  readonly postgresPid: number | undefined;
  /** PostgreSQL's sessions that were seen, by process id: one that has exited keeps its service. */
  readonly sessions: Map<number, { readonly service: string | undefined; ms: number }>;
  /** PostgreSQL's administrator. */
  readonly admin: pg.Client;
  /** Names of databases by service. */
  readonly databases: ReadonlyMap<string, string>;
  /** Number of queries that the benchmark itself has sent, by service. */
  readonly ownQueries: ReadonlyMap<string, number>;
  readonly kafkaUrl: string;
  readonly topicPrefix: string;
  /** Addresses of `/metrics`, by app. */
  readonly metrics: ReadonlyMap<string, string>;
}

/** Totals by name. */
export type Totals = Readonly<Record<string, number>>;
export interface Usage {
  readonly atMs: number;
  /** By process; PostgreSQL's by the database that they serve. */
  readonly cpuMs: Totals;
  /** By service. */
  readonly commits: Totals;
  /** By service and statement; empty unless PostgreSQL loads pg_stat_statements. */
  readonly statements: Totals;
  /** By topic. */
  readonly messages: Totals;
  /** By app. */
  readonly gcSeconds: Totals;
  /** CPU of this machine: used by all processes, and stolen by its host. */
  readonly machineMs: Totals;
}
const kinds = ['cpuMs', 'commits', 'statements', 'messages', 'gcSeconds', 'machineMs'] as const;

/** The load generator's name among the processes. */
export const GENERATOR = 'load generator';

/** Reads what has been used since the start of each process. */
export async function readUsage(watched: Watched): Promise<Usage> {
  const [cpuMs, machineMs] = [readCpu(watched), readMachine()];
  const [commits, statements, messages, gcSeconds] = await Promise.all([
    readCommits(watched),
    readStatements(watched),
    readMessages(watched),
    readGarbageCollection(watched),
  ]);
  const atMs = performance.now();
  return { atMs, cpuMs, commits, statements, messages, gcSeconds, machineMs };
}

/** Returns what was used between two readings. */
export function used(before: Usage, after: Usage): Usage {
  const minus = (kind: (typeof kinds)[number]) =>
    Object.fromEntries(
      Object.entries(after[kind]).map(([name, total]) => [name, total - (before[kind][name] ?? 0)]),
    );
  const differences = Object.fromEntries(kinds.map((kind) => [kind, minus(kind)]));
  return { ...differences, atMs: after.atMs - before.atMs } as unknown as Usage;
}

export const sum = (totals: Totals) => Object.values(totals).reduce((all, each) => all + each, 0);

function readCpu(watched: Watched): Totals {
  const { processes, postgresPid, sessions } = watched;
  const { user, system } = process.cpuUsage();
  const totals: Record<string, number> = { [GENERATOR]: (user + system) / 1_000 };
  for (const [name, pid] of processes) totals[name] = cpuOf(pid);
  if (!postgresPid) return totals;
  const alive = noteSessions(watched);
  let own = cpuOf(postgresPid, true);
  for (const [pid, { service, ms }] of sessions) {
    if (!alive.has(pid)) own -= ms;
    if (service) totals[`postgres: ${service}`] = (totals[`postgres: ${service}`] ?? 0) + ms;
  }
  totals['postgres: own'] = (totals['postgres: own'] ?? 0) + own;
  return totals;
}

/**
 * Notes the CPU of PostgreSQL's sessions; pools open and close them, so call it every second under load.
 * @returns process ids of those that run
 */
export function noteSessions({ postgresPid, sessions, databases }: Watched): ReadonlySet<number> {
  const alive = new Set(postgresPid ? childrenOf(postgresPid) : []);
  for (const pid of alive) {
    const title = read(`/proc/${pid}/cmdline`);
    const isSession = title.includes('127.0.0.1(');
    const service = [...databases].find(([, database]) => title.includes(` ${database} `))?.[0];
    // A session of a database that is not watched belongs to another contender.
    sessions.set(pid, { service: service ?? (isSession ? undefined : 'own'), ms: cpuOf(pid) });
  }
  return alive;
}

/** @param exited adds the CPU of children that have exited */
function cpuOf(pid: number, exited = false): number {
  const stat = read(`/proc/${pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = fields.slice(11, exited ? 15 : 13).reduce((all, each) => all + Number(each), 0);
  return ticks * TICK_MS;
}

function childrenOf(pid: number): number[] {
  const own = readdirSync(`/proc/${pid}/task`).map((thread) =>
    read(`/proc/${pid}/task/${thread}/children`),
  );
  return own.flatMap((each) => each.split(' ').filter(Boolean).map(Number));
}

/** Returns '' when the process has exited. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function readMachine(): Totals {
  const all = read('/proc/stat').split('\n', 1)[0]!.split(/\s+/).slice(1, 9).map(Number);
  const [user, nice, system, , , interrupts, soft, stolen] = all as [number, ...number[]];
  const ticks = user + nice! + system! + interrupts! + soft!;
  return { used: ticks * TICK_MS, stolen: stolen! * TICK_MS };
}

async function readCommits({ admin, databases, ownQueries }: Watched): Promise<Totals> {
  const { rows } = await admin.query<{ name: string; commits: number }>(
    'SELECT datname AS name, xact_commit::float8 AS commits FROM pg_stat_database',
  );
  return Object.fromEntries(
    [...databases].map(([service, database]) => {
      const { commits } = rows.find(({ name }) => name === database)!;
      return [service, commits - (ownQueries.get(service) ?? 0)];
    }),
  );
}

/** Counts the statements of all roles except the administrator's. */
async function readStatements({ admin, databases }: Watched): Promise<Totals> {
  if (!(await countsStatements(admin))) return {};
  const { rows } = await admin.query<{ database: string; query: string; calls: number }>(
    `SELECT datname AS database, regexp_replace(left(query, 200), '\\s+', ' ', 'g') AS query,
       sum(calls)::float8 AS calls
     FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid
     WHERE s.userid <> current_user::regrole GROUP BY 1, 2`,
  );
  const services = new Map([...databases].map(([service, database]) => [database, service]));
  return Object.fromEntries(
    rows
      .filter(({ database }) => services.has(database))
      .map(({ database, query, calls }) => [`${services.get(database)} | ${query}`, calls]),
  );
}

/** The library can only be loaded when the server starts. */
async function countsStatements(admin: pg.Client): Promise<boolean> {
  const { rows } = await admin.query('SHOW shared_preload_libraries');
  if (!rows[0].shared_preload_libraries.includes('pg_stat_statements')) return false;
  await admin.query('CREATE EXTENSION IF NOT EXISTS pg_stat_statements');
  return true;
}

async function readMessages({ kafkaUrl, topicPrefix }: Watched): Promise<Totals> {
  const admin = new Kafka({ ...brokerSettings(kafkaUrl), logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    const all = await admin.listTopics();
    const topics = all.filter((each) => each.startsWith(topicPrefix) && !each.startsWith('__'));
    const counts = topics.map(async (topic) => {
      const partitions = await admin.fetchTopicOffsets(topic);
      const messages = partitions.reduce((total, { high }) => total + Number(high), 0);
      return [topic.slice(topicPrefix.length), messages] as const;
    });
    return Object.fromEntries(await Promise.all(counts));
  } finally {
    await admin.disconnect();
  }
}

async function readGarbageCollection({ metrics }: Watched): Promise<Totals> {
  const all = [...metrics].map(async ([app, url]) => {
    const text = await (await fetch(url)).text();
    const seconds = text.matchAll(/^nodejs_gc_duration_seconds_sum\S* (\S+)/gm);
    return [app, [...seconds].reduce((total, [, each]) => total + Number(each), 0)] as const;
  });
  return Object.fromEntries(await Promise.all(all));
}
