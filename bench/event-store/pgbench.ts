import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { appendAlone } from '@fieldguide/event-store/statements';
import { runPgbench } from '../pgbench.ts';
import { ratio } from '../statistics.ts';
import type { Settings } from './bench.ts';
import { ours, sampleEvent } from './contenders.ts';
import { freshDatabase } from './databases.ts';
import { atLeast, type Line } from './report.ts';

const CLIENTS = 16;

/** Compares appends with our statement run by pgbench, PostgreSQL's client in C, with 16 connections. */
export async function compareWithPgbench(
  { url, rounds, pgbench }: Settings,
  at16: readonly number[],
): Promise<Line[]> {
  const what = 'append 1, 16 in flight: × pgbench';
  if (!pgbench) return [{ what, value: 'pgbench is not installed', verdict: 'skipped' }];
  const own = await freshDatabase(url, 'bench_floor');
  const { contender } = await ours(own);
  await contender.close();
  const folder = mkdtempSync(join(tmpdir(), 'pgbench-'));
  const script = join(folder, 'append.sql');
  writeFileSync(script, scriptText());
  const perSecond: number[] = [];
  for (let round = 0; round < Math.max(3, Math.round(rounds / 2)); round++)
    perSecond.push(await runPgbench(pgbench, own, script, { clients: CLIENTS, seconds: 2 }));
  rmSync(folder, { recursive: true });
  const best = at16.slice(0, perSecond.length);
  return [atLeast(what, ratio(best, perSecond), 1)];
}

/** Builds the pgbench script. Values are inlined, because pgbench's variables are numbers. */
function scriptText(): string {
  const values: Readonly<Record<string, string>> = {
    1: `('b-' || :client_id || '-' || :n)`,
    2: '1',
    3: `ARRAY[gen_random_uuid()]`,
    4: `ARRAY['${sampleEvent.type}']`,
    5: `ARRAY['${JSON.stringify(sampleEvent.data)}']`,
    6: `'{"correlationId":"01900000-0000-7000-8000-000000000001"}'`,
    7: 'now()',
  };
  const sql = appendAlone(0).text.replaceAll(/\$(\d)/g, (_, n: string) => values[n]!);
  return `\\set n random(1, 1000000000000)\n${sql.replaceAll(/\s+/g, ' ')};\n`;
}
