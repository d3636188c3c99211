import { slowness } from '@fieldguide/clock/testing';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { viewHash } from './projection-hash.ts';
import { instances, scale } from './running-platform.ts';
import { query } from './shop.ts';
import { Traffic } from './traffic.ts';

// What CI tries; `npm run verify` does it 20 times.
const TAKEOVERS = Number(process.env['FIELDGUIDE_TAKEOVERS'] ?? 4);
const INSTANCES = 3;

beforeAll(() => scale('ordering', INSTANCES));
afterAll(() => scale('ordering', 1));

interface Projecting {
  readonly holder: string;
  readonly position: string;
}
async function projecting(): Promise<Projecting> {
  const sql = `SELECT holder, position FROM leases, checkpoints
    WHERE leases.name = 'projection:order-summary' AND checkpoints.name = 'order-summary'`;
  return (await query<Projecting>('ordering', sql))[0]!;
}

/** Those that are not well, with what they say about it. */
async function unwell(): Promise<unknown[]> {
  const all = await instances('ordering');
  if (all.length < INSTANCES) return [`${all.length} of ${INSTANCES} are there`];
  const others = all.filter(({ health }) => health !== 'ok');
  return Promise.all(
    others.map(async ({ name, url }) => {
      const said = await fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(2_000) })
        .then((answer) => answer.json())
        .catch(String);
      return { name, said };
    }),
  );
}

/** @returns how long the view stood still until another instance went on with it */
async function takeover(signal: 'SIGKILL' | 'SIGSTOP'): Promise<number> {
  await expect.poll(unwell, { timeout: 60_000, interval: 200 }).toEqual([]);
  const { holder } = await projecting();
  const victim = (await instances('ordering')).find(({ name }) => name === holder)!;
  const startMs = performance.now();
  process.kill(victim.pid, signal);
  const isTakenOver = async () => (await projecting()).holder !== holder;
  await expect.poll(isTakenOver, { timeout: 60_000, interval: 20 }).toBe(true);
  const { position } = await projecting();
  const goesOn = async () => BigInt((await projecting()).position) > BigInt(position);
  await expect.poll(goesOn, { timeout: 60_000, interval: 20 }).toBe(true);
  const took = performance.now() - startMs;
  // Awake again, it still thinks that it is the one.
  if (signal === 'SIGSTOP') process.kill(victim.pid, 'SIGCONT');
  return took;
}

it(`an instance that projects is killed or frozen, ${TAKEOVERS} times: another takes over within 5 s, and the view is as a fold of the log`, async () => {
  const traffic = new Traffic(inject('shop').gatewayUrl, 'taken-over');
  await traffic.signIn();
  const ending = new AbortController();
  const running = traffic.run({ ordersPerSecond: 10 }, ending.signal, true);
  await expect.poll(projecting).toBeDefined(); // the first order has come
  const took: number[] = [];
  for (let n = 0; n < TAKEOVERS; n++) {
    took.push(await takeover(n % 2 ? 'SIGSTOP' : 'SIGKILL'));
    if (n % 10 === 9) await traffic.signIn(); // tokens last ten minutes
  }
  ending.abort();
  const { orders, failures } = await running;
  console.log(`takeovers, ms: ${took.map(Math.round)}`);
  expect(failures).toEqual({});
  expect(orders.size).toBeGreaterThan(TAKEOVERS);
  await expect
    .poll(async () => (await viewHash('view')) === (await viewHash('log')), { timeout: 60_000 })
    .toBe(true);
  expect(Math.max(...took)).toBeLessThan(5_000 * slowness());
}, 900_000);
