import { readdirSync, readFileSync } from 'node:fs';
import { Kafka, logLevel } from 'kafkajs';
import type { Shop } from './shop.ts';

const TICKS_PER_SECOND = 100; // USER_HZ on Linux

/** Totals by name: CPU ms by process, commits by service, messages by topic, seconds of garbage collection by app. */
export type Totals = Readonly<Record<string, number>>;
export interface Usage {
  readonly atMs: number;
  readonly cpuMs: Totals;
  readonly commits: Totals;
  readonly messages: Totals;
  readonly gcSeconds: Totals;
}

/** Reads what the system has used since its start. The load generator is listed as `load generator`. */
export async function readUsage(shop: Shop): Promise<Usage> {
  const cpuMs = readCpu(shop);
  const [commits, messages, gcSeconds] = await Promise.all([
    readCommits(shop),
    readMessages(shop),
    readGarbageCollection(shop),
  ]);
  return { atMs: performance.now(), cpuMs, commits, messages, gcSeconds };
}

/** The difference of two readings. */
export function used(before: Usage, after: Usage): Usage {
  const minus = (key: 'cpuMs' | 'commits' | 'messages' | 'gcSeconds') =>
    Object.fromEntries(
      Object.entries(after[key]).map(([name, total]) => [name, total - (before[key][name] ?? 0)]),
    );
  return {
    atMs: after.atMs - before.atMs,
    cpuMs: minus('cpuMs'),
    commits: minus('commits'),
    messages: minus('messages'),
    gcSeconds: minus('gcSeconds'),
  };
}

/** PostgreSQL's processes are listed by the database that they serve. */
function readCpu({ state, databases }: Shop): Totals {
  const totals: Record<string, number> = {};
  const add = (name: string, ms: number) => {
    totals[name] = (totals[name] ?? 0) + ms;
  };
  const { user, system } = process.cpuUsage();
  add('load generator', (user + system) / 1_000);
  add('platform controller', cpuOf(state.pid, false));
  for (const { app, pid } of state.instances) add(app, cpuOf(pid));
  for (const [name, { pid }] of Object.entries(state.services)) add(name, cpuOf(pid));
  const { postgres } = state.services;
  const names = [...databases].map(([service, { database }]) => [service, database!] as const);
  for (const pid of postgres ? childrenOf(postgres.pid) : []) {
    const title = readFile(`/proc/${pid}/cmdline`);
    const served = names.find(([, database]) => title.includes(` ${database} `))?.[0];
    add(served ? `postgres: ${served}` : 'postgres: other', cpuOf(pid));
  }
  return totals;
}

/** CPU of a process, and of its exited children with `exited`. */
function cpuOf(pid: number, exited = true): number {
  const stat = readFile(`/proc/${pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = fields.slice(11, exited ? 15 : 13).reduce((sum, each) => sum + Number(each), 0);
  return (ticks * 1_000) / TICKS_PER_SECOND || 0;
}

function childrenOf(pid: number): number[] {
  const own = readdirSync(`/proc/${pid}/task`).map((thread) =>
    readFile(`/proc/${pid}/task/${thread}/children`),
  );
  return own.flatMap((each) => each.split(' ').filter(Boolean).map(Number));
}

/** Returns '' when the process has exited. */
function readFile(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

async function readCommits({ databases }: Shop): Promise<Totals> {
  const [any] = databases.values();
  const { rows } = await any!.query<{ name: string; commits: number }>(
    'SELECT datname AS name, xact_commit::float8 AS commits FROM pg_stat_database',
  );
  return Object.fromEntries(
    [...databases].map(([service, { database }]) => [
      service,
      rows.find(({ name }) => name === database)!.commits,
    ]),
  );
}

async function readMessages({ state }: Shop): Promise<Totals> {
  const admin = new Kafka({
    brokers: state.backing['kafka']!.replace('kafka://', '').split(','),
    logLevel: logLevel.NOTHING,
  }).admin();
  await admin.connect();
  try {
    const topics = (await admin.listTopics()).filter((topic) => !topic.startsWith('__'));
    const counts = topics.map(async (topic) => {
      const partitions = await admin.fetchTopicOffsets(topic);
      return [topic, partitions.reduce((sum, { high }) => sum + Number(high), 0)] as const;
    });
    return Object.fromEntries(await Promise.all(counts));
  } finally {
    await admin.disconnect();
  }
}

async function readGarbageCollection({ state }: Shop): Promise<Totals> {
  const all = state.instances.map(async ({ app, port }) => {
    const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    const sums = text.matchAll(/^nodejs_gc_duration_seconds_sum\S* (\S+)/gm);
    return [app, [...sums].reduce((sum, [, each]) => sum + Number(each), 0)] as const;
  });
  return Object.fromEntries(await Promise.all(all));
}
