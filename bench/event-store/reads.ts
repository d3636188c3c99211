import pg from 'pg';
import { ratio } from '../statistics.ts';
import type { Settings } from './bench.ts';
import { ours } from './contenders.ts';
import { freshDatabase } from './databases.ts';
import { type Block, block } from './measure.ts';
import { atLeast, type Measured } from './report.ts';

const STREAMS = 2_000;
const IN_FLIGHT = 64;
const POOL = 16;

/** Compares reads of whole streams of `size` events with the same query on a plain connection pool. */
export async function reads(
  { url, rounds, blockMs }: Settings,
  size: number,
  goal: number,
): Promise<Measured> {
  const own = await freshDatabase(url, 'bench_reads');
  const { contender, store } = await ours(own);
  const pool = new pg.Pool({ connectionString: own, max: POOL });
  const sql =
    'SELECT id, stream, version, type, data, metadata, time FROM events WHERE stream = $1 ORDER BY version';
  const name = (n: number) => `r-${n % STREAMS}`;
  await Promise.all(Array.from({ length: STREAMS }, (_, n) => contender.append(name(n), size)));
  await pool.query('VACUUM ANALYZE events'); // as autovacuum does in production
  const [mine, theirs]: [Block[], Block[]] = [[], []];
  for (let round = 0; round <= rounds; round++) {
    const [a, b] = [
      await block((n) => store.read(name(n)), IN_FLIGHT, blockMs),
      await block((n) => pool.query(sql, [name(n)]), IN_FLIGHT, blockMs),
    ];
    if (round === 0) continue; // warm-up
    mine.push(a);
    theirs.push(b);
  }
  await pool.end();
  await contender.close();
  const faster = ratio(
    mine.map((each) => each.perSecond),
    theirs.map((each) => each.perSecond),
  );
  return { lines: [atLeast(`read a stream of ${size}: × a pool of ${POOL}`, faster, goal)] };
}
