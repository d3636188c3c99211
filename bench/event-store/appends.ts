import { median, ratio } from '../statistics.ts';
import type { Settings } from './bench.ts';
import { type Contender, emmett, ours, plain } from './contenders.ts';
import { freshDatabase } from './databases.ts';
import { type Block, block } from './measure.ts';
import { compareWithPgbench } from './pgbench.ts';
import {
  atLeast,
  atMost,
  control,
  type Line,
  type Measured,
  type Rate,
  reported,
} from './report.ts';

const cases = process.env['BENCH_QUICK']
  ? ([[16, 1]] as const)
  : ([
      [1, 1],
      [16, 1],
      [64, 1],
      [1, 3],
      [16, 3],
      [64, 3],
    ] as const);

/** Goals by concurrency, for one event per append. */
const goals: Readonly<Record<number, { faster: number }>> = {
  16: { faster: 3 },
  64: { faster: 5 },
};

/** Compares appends to new streams: our store, the others, and our store again as a control. */
export async function appends(settings: Settings): Promise<Measured> {
  const { url, rounds, blockMs } = settings;
  const first = await ours(await freshDatabase(url, 'bench_ours'));
  const again = await ours(await freshDatabase(url, 'bench_again'), 'ours again');
  const followed = await ours(await freshDatabase(url, 'bench_followed'), 'ours followed', true);
  const contenders: Contender[] = [
    first.contender,
    await emmett(await freshDatabase(url, 'bench_emmett')),
    await plain(await freshDatabase(url, 'bench_plain')),
    again.contender,
    followed.contender,
  ];
  const lines: Line[] = [];
  const rates: Rate[] = [];
  let streams = 0;
  let at16: number[] = [];
  for (const [inFlight, events] of cases) {
    const all = new Map<string, Block[]>(contenders.map(({ name }) => [name, []]));
    for (let round = 0; round <= rounds; round++)
      for (const { name, append } of contenders) {
        const done = await block(() => append(`s-${++streams}`, events), inFlight, blockMs);
        if (round > 0) all.get(name)!.push(done); // round 0 is the warm-up
      }
    const [own, peer, twin, read] = [
      first.contender.name,
      'emmett',
      'ours again',
      'ours followed',
    ].map((name) => all.get(name)!);
    const compared = (other: Block[], what: keyof Block) =>
      ratio(
        own!.map((each) => each[what]),
        other.map((each) => each[what]),
      );
    const what = `append ${events}, ${inFlight} in flight`;
    const goal = events === 1 ? goals[inFlight] : undefined;
    for (const { name } of contenders) {
      const perSecond = median(all.get(name)!.map((each) => each.perSecond));
      rates.push({ group: what, name, perSecond });
    }
    const faster = compared(peer!, 'perSecond');
    const whileRead = ratio(
      read!.map((each) => each.perSecond),
      peer!.map((each) => each.perSecond),
    );
    lines.push(
      goal
        ? atLeast(`${what}: × emmett`, faster, goal.faster)
        : reported(`${what}: × emmett`, faster),
      goal
        ? atMost(`${what}: p50 of emmett's`, compared(peer!, 'p50Ms'), 0.4)
        : reported(`${what}: p50 of emmett's`, compared(peer!, 'p50Ms')),
      goal
        ? atMost(`${what}: client CPU of emmett's`, compared(peer!, 'cpuMicros'), 0.2)
        : reported(`${what}: client CPU of emmett's`, compared(peer!, 'cpuMicros')),
      reported(`${what}: × plain pg`, compared(all.get('plain pg')!, 'perSecond')),
      goal
        ? atLeast(`${what}: with a feed reader, × emmett`, whileRead, goal.faster)
        : reported(`${what}: with a feed reader, × emmett`, whileRead),
      reported(`${what}: p99 of emmett's`, compared(peer!, 'p99Ms')),
      control(`${what}: × itself`, compared(twin!, 'perSecond')),
    );
    if (inFlight === 16 && events === 1) at16 = own!.map((each) => each.perSecond);
  }
  for (const { close } of contenders) await close();
  return { lines: [...lines, ...(await compareWithPgbench(settings, at16))], rates };
}
