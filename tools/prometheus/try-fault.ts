// One fault on the running system: which alerts fire, and do they resolve when it ends?
import { setTimeout as sleep } from 'node:timers/promises';
import type { Api } from './api.ts';
import type { LiveFault, LiveSystem } from './live-faults.ts';
import { until } from './until.ts';

/** Another alert would have fired by then: the longest condition, a sample of the services, and a scrape. */
const OTHERS_FIRE_WITHIN_MS = 25_000;

/** @returns a row of the report: sign, fault, its alerts, seconds, others, seconds */
export async function tryFault(api: Api, live: LiveSystem, fault: LiveFault): Promise<string[]> {
  const { what, fires, follows = {}, orders, start } = fault;
  console.log(`\n▸ ${what}`);
  const seen = new Set<string>();
  const look = async () => {
    const firing = await api.firing();
    for (const each of firing) seen.add(each);
    return firing;
  };
  const ending = new AbortController();
  const stop = await start(live);
  let [firedAfter, resolvedAfter] = ['–', '–'];
  try {
    if (orders) live.traffic.orderEverySecond(ending.signal);
    const allFire = async () => {
      const firing = await look();
      return fires.every((each) => firing.includes(each));
    };
    firedAfter = `${await until(`${fires.join(', ')} fires`, allFire)} s`;
    const end = performance.now() + OTHERS_FIRE_WITHIN_MS;
    while (performance.now() < end) {
      await look();
      await sleep(500);
    }
  } catch (error) {
    console.log(`✗ ${(error as Error).message}; firing: ${[...seen].join(', ') || 'nothing'}`);
  }
  ending.abort();
  await stop();
  try {
    const isOver = async () => (await look()).length === 0;
    resolvedAfter = `${await until('no alert fires any more', isOver)} s`;
  } catch (error) {
    console.log(`✗ ${(error as Error).message}; firing: ${(await look()).join(', ')}`);
  }
  const others = [...seen].filter((each) => !fires.includes(each));
  const unexpected = others.filter((each) => !(each in follows));
  if (unexpected.length > 0) console.log(`✗ fires too: ${unexpected.join(', ')}`);
  const isRight = unexpected.length === 0 && ![firedAfter, resolvedAfter].includes('–');
  const shown = [fires.join(', '), firedAfter, others.join(', ') || '–', resolvedAfter];
  return [isRight ? '✓' : '✗', what, ...shown];
}
