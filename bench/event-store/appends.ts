import type { Settings } from './bench.ts';
import { type Contender, emmett, ours, plain } from './contenders.ts';
import { freshDatabase } from './databases.ts';
import { type Block, block, median, ratio } from './measure.ts';
import { floor } from './pgbench.ts';
import { atLeast, atMost, type Bar, control, type Line, type Measured, told } from './report.ts';

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

/** What has to hold, by how many are in flight; for one event an append. */
const wanted: Readonly<Record<number, { faster: number }>> = {
  16: { faster: 3 },
  64: { faster: 5 },
};

/** Appends to new streams: ours with everything on, its peers, and ours once more as a control. */
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
  const bars: Bar[] = [];
  let streams = 0;
  let at16: number[] = [];
  for (const [inFlight, events] of cases) {
    const all = new Map<string, Block[]>(contenders.map(({ name }) => [name, []]));
    for (let round = 0; round <= rounds; round++)
      for (const { name, append } of contenders) {
        const done = await block(() => append(`s-${++streams}`, events), inFlight, blockMs);
        if (round > 0) all.get(name)!.push(done); // the first one warms up
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
    const goal = events === 1 ? wanted[inFlight] : undefined;
    for (const { name } of contenders) {
      const perSecond = median(all.get(name)!.map((each) => each.perSecond));
      bars.push({ group: what, name, perSecond });
    }
    const faster = compared(peer!, 'perSecond');
    const whileRead = ratio(
      read!.map((each) => each.perSecond),
      peer!.map((each) => each.perSecond),
    );
    lines.push(
      goal ? atLeast(`${what}: × emmett`, faster, goal.faster) : told(`${what}: × emmett`, faster),
      goal
        ? atMost(`${what}: p50 of emmett's`, compared(peer!, 'p50Ms'), 0.4)
        : told(`${what}: p50 of emmett's`, compared(peer!, 'p50Ms')),
      goal
        ? atMost(`${what}: client CPU of emmett's`, compared(peer!, 'cpuMicros'), 0.2)
        : told(`${what}: client CPU of emmett's`, compared(peer!, 'cpuMicros')),
      told(`${what}: × plain pg`, compared(all.get('plain pg')!, 'perSecond')),
      goal
        ? atLeast(`${what}: its feed read meanwhile, × emmett`, whileRead, goal.faster)
        : told(`${what}: its feed read meanwhile, × emmett`, whileRead),
      told(`${what}: p99 of emmett's`, compared(peer!, 'p99Ms')),
      control(`${what}: × itself`, compared(twin!, 'perSecond')),
    );
    if (inFlight === 16 && events === 1) at16 = own!.map((each) => each.perSecond);
  }
  for (const { close } of contenders) await close();
  return { lines: [...lines, ...(await floor(settings, at16))], bars };
}
