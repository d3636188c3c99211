import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { consul, instances, platform, scale } from './running-platform.ts';
import { type Outcome, Traffic } from './traffic.ts';

const WAIT = { timeout: 120_000, interval: 100 };
const ending = new AbortController();
let traffic: Traffic;
let outcome: Promise<Outcome>;

// Orders arrive during every test; none is sent again, so that any failed request shows.
beforeAll(async () => {
  traffic = new Traffic(inject('shop').gatewayUrl, 'process-types');
  await traffic.signIn();
  outcome = traffic.run({ ordersPerSecond: 4 }, ending.signal);
});
afterAll(async () => {
  ending.abort();
  await scale('ordering', 1);
});

const types = async () =>
  (await instances('ordering')).map(({ processes }) => processes).toSorted();
const namesOf = async (...wanted: readonly string[]) =>
  (await instances('ordering'))
    .filter(({ processes }) => wanted.includes(processes))
    .map(({ name }) => name)
    .toSorted();

/** Returns the names of the instances that the registry offers to callers. */
async function registered(): Promise<string[]> {
  const { text } = await consul('GET', 'health/service/e2e-ordering?passing=true');
  const entries = JSON.parse(text) as { Service: { ID: string } }[];
  return entries.map(({ Service }) => Service.ID).toSorted();
}

/** Returns what each instance has done so far: served requests for orders, handled messages that are no broadcasts. */
async function work(): Promise<string[]> {
  const all = (await instances('ordering')).map(async ({ processes, url }) => {
    const response = await fetch(`${url}/metrics`).catch(() => undefined); // it has just ended
    const text = (await response?.text()) ?? '';
    const served =
      /^http_server_request_duration_seconds_count\{[^}]*http_route="\/orders[^}]*\} [1-9]/m.test(
        text,
      );
    const handled =
      /^messaging_process_duration_seconds_count\{(?![^}]*SessionEnded)[^}]*outcome="handled"[^}]*\} [1-9]/m.test(
        text,
      );
    return `${processes}:${served ? ' requests' : ''}${handled ? ' messages' : ''}`;
  });
  return (await Promise.all(all)).toSorted();
}

it('splits an app: web is registered and serves, worker handles messages', async () => {
  const args = ['scale', 'ordering', 'web=2', 'worker=1', '--env', 'e2e'];
  const cli = fileURLToPath(new URL('../platform/cli/bin/fieldguide.mjs', import.meta.url));
  const { status, stdout, stderr } = spawnSync(process.execPath, [cli, ...args], {
    encoding: 'utf8',
  });
  expect(status, stderr).toBe(0);
  expect(stdout).toMatch(/ordering\/1 web .*\n.*ordering\/2 .*\n.*ordering\/3 /);
  expect(await types()).toEqual(['web', 'web', 'worker']);
  await expect.poll(registered, WAIT).toEqual(await namesOf('web'));
  await expect.poll(work, WAIT).toEqual(['web: requests', 'web: requests', 'worker: messages']);
});

it('replaces a killed worker with a worker', async () => {
  const worker = (await instances('ordering')).find(({ processes }) => processes === 'worker')!;
  const path = `/apps/${worker.id.replace('/', '/instances/')}/signals`;
  await platform().call('POST', path, { signal: 'SIGKILL' });
  await expect.poll(() => namesOf('worker'), WAIT).not.toEqual([worker.name]);
  await expect.poll(work, WAIT).toEqual(['web: requests', 'web: requests', 'worker: messages']);
});

it('scales one type and leaves the other alone', async () => {
  const web = await namesOf('web');
  await platform().call('PATCH', '/apps/ordering', { instances: { worker: 2 } });
  expect(await types()).toEqual(['web', 'web', 'worker', 'worker']);
  expect(await namesOf('web')).toEqual(web);
});

it('replaces the instances of both types one by one, and combines them again', async () => {
  const before = await namesOf('web', 'worker');
  await platform().call('POST', '/apps/ordering/restarts');
  const after = await namesOf('web', 'worker');
  expect(after).toHaveLength(4);
  expect(after.filter((name) => before.includes(name))).toEqual([]);
  await scale('ordering', 1);
  expect(await types()).toEqual(['web,worker']);
  await expect.poll(registered, WAIT).toEqual(await namesOf('web,worker'));
});

it('fails no request meanwhile, and loses no order', async () => {
  ending.abort();
  const { orders, failures } = await outcome;
  expect(failures).toEqual({});
  expect(await traffic.notCompleted(orders)).toEqual([]);
});
