import 'reflect-metadata';
import { appends } from './appends.ts';
import { feed, rebuilds } from './feed.ts';
import { reads } from './reads.ts';
import type { Measured } from './report.ts';
import { snapshots } from './snapshots.ts';

// Run by run.ts, which starts PostgreSQL (BENCH_POSTGRES) with production durability. Each part runs in its own process, so
// that the heap of an earlier part does not affect it.
const settings = {
  url: process.env['BENCH_POSTGRES']!,
  rounds: Number(process.env['BENCH_ROUNDS'] ?? 10),
  blockMs: Number(process.env['BENCH_BLOCK_MS'] ?? 400),
  pgbench: process.env['BENCH_PGBENCH'],
};
export type Settings = typeof settings;

const parts: Readonly<Record<string, () => Promise<Measured>>> = {
  appends: () => appends(settings),
  'reads of one': () => reads(settings, 1, 3),
  'reads of ten': () => reads(settings, 10, 2),
  feed: () => feed(settings),
  rebuild: () => rebuilds(settings),
  snapshots: () => snapshots(settings),
};

const measured = await parts[process.argv[2]!]!();
process.send!(measured, () => process.exit(0));
