import { slowness } from '@fieldguide/clock/testing';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { projectionHash } from './projection-hash.ts';
import { instances, scale } from './running-platform.ts';
import { query } from './shop.ts';
import { Traffic } from './traffic.ts';

// The number in CI; `npm run verify` runs 20.
const TAKEOVERS = Number(process.env['FIELDGUIDE_TAKEOVERS'] ?? 2);
const INSTANCES = 3;

beforeAll(() => scale('ordering', INSTANCES));
afterAll(() => scale('ordering', 1));

interface ProjectionLease {
  readonly holder: string;
  readonly position: string;
}
async function projectionLease(): Promise<ProjectionLease> {
  const sql = `SELECT holder, position FROM leases, checkpoints
    WHERE leases.name = 'projection:order-summary' AND checkpoints.name = 'order-summary'`;
  return (await query<ProjectionLease>('ordering', sql))[0]!;
}

/** Returns the unhealthy instances with their readiness reports. */
async function unhealthy(): Promise<unknown[]> {
  const all = await instances('ordering');
  if (all.length < INSTANCES) return [`${all.length} of ${INSTANCES} instances are running`];
  const others = all.filter(({ health }) => health !== 'ok');
  return Promise.all(
    others.map(async ({ name, url }) => {
      const readiness = await fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(2_000) })
        .then((response) => response.json())
        .catch(String);
      return { name, readiness };
    }),
  );
}

/** Kills or freezes the projecting instance. @returns milliseconds until another instance has projected further events */
async function takeover(signal: 'SIGKILL' | 'SIGSTOP'): Promise<number> {
  await expect.poll(unhealthy, { timeout: 60_000, interval: 200 }).toEqual([]);
  const { holder } = await projectionLease();
  const victim = (await instances('ordering')).find(({ name }) => name === holder)!;
  const startMs = performance.now();
  process.kill(victim.pid, signal);
  const isTakenOver = async () => (await projectionLease()).holder !== holder;
  await expect.poll(isTakenOver, { timeout: 60_000, interval: 20 }).toBe(true);
  const { position } = await projectionLease();
  const isProgressing = async () => BigInt((await projectionLease()).position) > BigInt(position);
  await expect.poll(isProgressing, { timeout: 60_000, interval: 20 }).toBe(true);
  const took = performance.now() - startMs;
  // A resumed instance still considers itself the lease holder.
  if (signal === 'SIGSTOP') process.kill(victim.pid, 'SIGCONT');
  return took;
}

it(`moves a projection to another instance within 5 s, ${TAKEOVERS} times after a kill or freeze, and stays equal to the fold of the log`, async () => {
  const traffic = new Traffic(inject('shop').gatewayUrl, 'taken-over');
  await traffic.signIn();
  const ending = new AbortController();
  const running = traffic.run({ ordersPerSecond: 10 }, ending.signal, true);
  await expect.poll(projectionLease).toBeDefined(); // until the first order is projected
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
    .poll(async () => (await projectionHash('projection')) === (await projectionHash('log')), {
      timeout: 60_000,
    })
    .toBe(true);
  expect(Math.max(...took)).toBeLessThan(5_000 * slowness());
}, 900_000);
