import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { slowness } from '@fieldguide/clock/testing';
import type { Status } from '@fieldguide/platform-controller/status';
import { appNames } from '@fieldguide/platform-host/apps';
import { Environment } from '@fieldguide/platform-host/environment';
import { processStartTime } from '@fieldguide/platform-host/processes/child';
import { type PlatformState, readState, stopOrphans } from '@fieldguide/platform-host/state';
import { copySources } from '@fieldguide/tools/source-copy';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openBrowser } from './browser/browser.ts';
import { measurePace } from './capacity.ts';
import { consul } from './running-platform.ts';
import { ledger } from './shop.ts';
import { Traffic } from './traffic.ts';

const root = fileURLToPath(new URL('../', import.meta.url));
// A copy of the sources, which tests edit like a developer; downloads and staged artifacts are shared.
const copy = mkdtempSync(join(tmpdir(), 'fieldguide-'));
const FIELDGUIDE_CONTRACTS_RECORD = join(copy, 'contracts-record.jsonl');
const home = join(root, '.fieldguide');
const ENV = 'chaos';
const environment = new Environment(ENV);
const runFile = promisify(execFile);
let platform: ChildProcess;
let gatewayUrl: string;
let ledgerUrl: string;
let pace: number;
// The apps that CI pushes: with a database, without one, in front of all. `npm run verify` pushes every app.
const PUSHED = process.env['FIELDGUIDE_PUSH_ALL']
  ? appNames
  : ['payment-provider', 'ordering', 'gateway'];

const ownEnv = { ...process.env, FIELDGUIDE_HOME: home, FIELDGUIDE_CONTRACTS_RECORD };

beforeAll(async () => {
  copySources(root, copy);
  await stopOrphans(environment);
  environment.wipe();
  rmSync(environment.path('desired.json'), { force: true });
  await start();
  // Long deadlines: a killed broker must not cause a rejected order.
  for (const deadline of ['STOCK', 'PAYMENT'])
    await fieldguide('env', 'ordering', `${deadline}_DEADLINE_MS=300000`);
  pace = await measurePace(gatewayUrl);
}, 300_000);
afterAll(async () => {
  if (platform.exitCode === null) {
    const exit = new Promise((resolve) => platform.once('exit', resolve));
    platform.kill('SIGTERM');
    await exit;
  }
  rmSync(copy, { recursive: true });
});

async function start(): Promise<void> {
  platform = spawn(
    process.execPath,
    [cli, 'start', '--env', ENV, '--port', '0', '--force', '--json'],
    {
      cwd: copy,
      env: ownEnv,
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const exited = new Promise<never>((_, reject) => {
    platform.once('exit', (code) => reject(new Error(`fieldguide start exited with ${code}`)));
  });
  exited.catch(() => undefined);
  const ready = new Promise<string>((resolve) => {
    createInterface({ input: platform.stdout! }).once('line', resolve);
  });
  const started = JSON.parse(await Promise.race([ready, exited]));
  gatewayUrl = started.gatewayUrl;
  ledgerUrl = `${started.providerUrl}/ledger`;
}

const cli = 'platform/cli/bin/fieldguide.mjs';
async function fieldguide(...args: string[]): Promise<string> {
  const all = [cli, ...args, '--env', ENV];
  return (await runFile(process.execPath, all, { cwd: copy, env: ownEnv })).stdout;
}
const status = async () => JSON.parse(await fieldguide('status', '--json')) as Status;
const state = () => readState(environment) as PlatformState;
const ids = async (app: string) =>
  (await status()).apps
    .find((each) => each.app === app)!
    .instances.filter(({ health }) => health === 'ok')
    .map(({ id }) => id);

async function passing(service: string): Promise<string[]> {
  const path = `health/service/${ENV}-${service}?passing=true`;
  const { text } = await consul('GET', path, undefined, environment);
  const entries = JSON.parse(text) as { Service: { ID: string; Port: number } }[];
  return entries.map(({ Service }) => Service.ID);
}

/** Returns the number of order requests that each instance reports in its metrics. */
async function served(app: string): Promise<number[]> {
  const own = state().instances.filter((each) => each.app === app);
  return Promise.all(
    own.map(async ({ port }) => {
      const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
      const lines =
        text.match(
          /^http_server_request_duration_seconds_count\{[^}]*http_route="\/orders[^}]*\} \d+/gm,
        ) ?? [];
      return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
    }),
  );
}

async function captured(): Promise<string[]> {
  const operations = await ledger(ledgerUrl);
  return operations.filter(({ kind }) => kind === 'capture').map(({ paymentId }) => paymentId);
}

/** Expects every acknowledged order to be completed, and captured exactly once. */
async function expectAllCompleted(traffic: Traffic, orders: ReadonlySet<string>): Promise<void> {
  expect(await traffic.notCompleted(orders)).toEqual([]);
  expect(await traffic.count()).toBe(orders.size);
  const captures = await captured();
  expect(new Set(captures).size).toBe(captures.length);
}

const WAIT = { timeout: 120_000, interval: 100 };

describe('three instances of ordering', () => {
  it('share the load; a killed one is replaced within 5 s, and no order is lost or duplicated', async () => {
    await fieldguide('scale', 'ordering', '3');
    await expect.poll(async () => (await passing('ordering')).length, WAIT).toBe(3);
    const traffic = new Traffic(gatewayUrl, 'killed', pace);
    await traffic.signIn();

    const earlier = await served('ordering');
    const ending = new AbortController();
    const running = traffic.run({ ordersPerSecond: 20 }, ending.signal, true);
    // New instances get their whole share when their slow start is over.
    const lowestShare = async () => {
      const shares = (await served('ordering')).map((each, n) => each - earlier[n]!);
      return Math.min(...shares) / shares.reduce((sum, each) => sum + each, 0);
    };
    await expect.poll(lowestShare, WAIT).toBeGreaterThan(0.15);

    const before = await passing('ordering');
    const victim = state().instances.find(({ app, slot }) => app === 'ordering' && slot === 2)!;
    const killedAt = performance.now();
    process.kill(victim.pid, 'SIGKILL');
    const isReplaced = async () => {
      const now = await passing('ordering');
      return now.length === 3 && now.some((id) => !before.includes(id));
    };
    await expect.poll(isReplaced, { timeout: 60_000, interval: 50 }).toBe(true);
    expect(performance.now() - killedAt).toBeLessThan(5_000 * slowness());
    await sleep(Math.max(0, 10_000 - (performance.now() - killedAt) - 3_000));
    ending.abort();
    const { orders, sent, failures } = await running;
    expect(failures).toEqual({});
    expect(orders.size).toBe(sent);
    await expectAllCompleted(traffic, orders);
  });

  it('are scaled down to one', async () => {
    await fieldguide('scale', 'ordering', '1');
    await expect.poll(async () => (await passing('ordering')).length, WAIT).toBe(1);
    expect(state().instances.filter(({ app }) => app === 'ordering')).toHaveLength(1);
  });
});

describe('a push', () => {
  beforeAll(async () => {
    await Promise.all(appNames.map((app) => fieldguide('scale', app, '2')));
  });

  it(`causes no failed request, for ${PUSHED.length} apps in turn with two instances each`, async () => {
    const traffic = new Traffic(gatewayUrl, 'pushed', pace);
    await traffic.signIn();
    const ending = new AbortController();
    const running = traffic.run({ readsPerSecond: 25, ordersPerSecond: 2 }, ending.signal);
    for (const app of PUSHED)
      appendFileSync(join(copy, 'apps', app, 'src', 'main.ts'), "\nprocess.env['EDITED'] = '1';\n");
    const pushed = JSON.parse(await fieldguide('push', ...PUSHED, '--force', '--json'));
    expect(pushed).toMatchObject(PUSHED.map((app) => ({ app, fresh: true })));
    ending.abort();
    const { orders, reads, failures } = await running;
    expect(failures).toEqual({});
    expect(reads).toBeGreaterThan(20);
    await expectAllCompleted(traffic, orders);
    for (const app of appNames) expect(await ids(app)).toEqual([`${app}/1`, `${app}/2`]);
  }, 900_000);

  it('is rejected without contract verification, unless forced', async () => {
    const before = await status();
    const main = join(copy, 'apps', 'catalog', 'src', 'main.ts');
    appendFileSync(main, "\nprocess.env['EDITED'] = '2';\n");
    await expect(fieldguide('push', 'catalog')).rejects.toThrow(
      /no version has been published[\s\S]*npm run test:pact/,
    );
    expect((await status()).apps).toMatchObject(before.apps.map(({ digest }) => ({ digest })));
    await fieldguide('push', 'catalog', '--force');
    const log = readFileSync(environment.logFile('platform'), 'utf8');
    expect(log).toMatch(/catalog is deployed by force, though: The contract record is empty/);
  });

  it('can be rolled back', async () => {
    const digests = async () =>
      (await status()).apps
        .find(({ app }) => app === 'catalog')!
        .instances.map((each) => each.digest);
    const after = await digests();
    await expect(fieldguide('rollback', 'catalog')).rejects.toThrow(
      /no version has been published[\s\S]*--force/,
    );
    const previous = JSON.parse(await fieldguide('rollback', 'catalog', '--force', '--json'));
    expect(await digests()).toEqual([previous.digest, previous.digest]);
    expect(after).not.toContain(previous.digest);
  });

  it('of an artifact that does not start changes nothing', async () => {
    const main = join(copy, 'apps', 'catalog', 'src', 'main.ts');
    const source = readFileSync(main, 'utf8');
    const before = await status();
    appendFileSync(main, "\nthrow new Error('fails at start');\n");
    await expect(fieldguide('push', 'catalog', '--force')).rejects.toThrow(
      /fails at start[\s\S]*as it was before/,
    );
    writeFileSync(main, source);
    const digest = ({ apps }: Status) => apps.find(({ app }) => app === 'catalog')!.digest;
    expect(digest(await status())).toBe(digest(before));
    expect(await ids('catalog')).toEqual(['catalog/1', 'catalog/2']);
  });

  it('is rejected while another command changes the app', async () => {
    const both = await Promise.allSettled([
      fieldguide('restart', 'catalog'),
      fieldguide('restart', 'catalog'),
    ]);
    const rejected = both.filter((each) => each.status === 'rejected');
    expect(rejected.map(({ reason }) => String(reason))).toEqual([
      expect.stringMatching(/being restarted by another command/),
    ]);
  });
});

/** Opens the console, signed in. */
async function openConsole(): Promise<Page> {
  const page = await (await openBrowser()).newPage();
  await page.goto((await fieldguide('console', '--print')).trim());
  await page.getByText('● live').waitFor();
  return page;
}

describe('a platform that is killed under load', () => {
  it('is replaced by one that adopts its instances: no order lost, no process orphaned', async () => {
    await fieldguide('scale', 'payments', 'web=1', 'worker=1');
    const traffic = new Traffic(gatewayUrl, 'adopted', pace);
    await traffic.signIn();
    const ending = new AbortController();
    const running = traffic.run({ readsPerSecond: 20, ordersPerSecond: 10 }, ending.signal, true);
    const before = state();
    const page = await openConsole();
    const exit = new Promise((resolve) => platform.once('exit', resolve));
    platform.kill('SIGKILL');
    await exit;
    const orphan = before.instances.find(({ app }) => app === 'shipping')!;
    process.kill(orphan.pid, 'SIGKILL'); // exits while no platform runs
    await page.getByText('The platform is away.').waitFor();
    await start();
    await page.getByText('The platform is away.').waitFor({ state: 'detached' });
    await page.getByText('● live').waitFor(); // without signing in again
    await page.context().browser()?.close();
    await expect.poll(() => ids('shipping'), WAIT).toEqual(['shipping/1', 'shipping/2']);
    await sleep(2_000); // some more orders through the new platform
    ending.abort();
    const { orders, failures } = await running;
    expect(failures).toEqual({});
    await expectAllCompleted(traffic, orders);

    const after = state();
    const typesIn = ({ instances }: PlatformState) =>
      instances.map(({ app, slot, processes }) => `${app}/${slot} ${processes}`).toSorted();
    expect(typesIn(after)).toEqual(typesIn(before));
    expect(typesIn(after)).toEqual(expect.arrayContaining(['payments/1 web', 'payments/2 worker']));
    const adopted = before.instances.filter(({ pid }) => pid !== orphan.pid);
    expect(after.instances.map(({ pid }) => pid)).toEqual(
      expect.arrayContaining(adopted.map(({ pid }) => pid)),
    );
    expect(after.services).toEqual(before.services);
  });
});

describe('an instance that is frozen', () => {
  it('is replaced within 15 s', async () => {
    const victim = state().instances.find(({ app, slot }) => app === 'inventory' && slot === 1)!;
    const startMs = performance.now();
    await fieldguide('kill', 'inventory/1', '--signal', 'SIGSTOP');
    const isReplaced = async () => {
      const now = state().instances.find(({ app, slot }) => app === 'inventory' && slot === 1);
      return now !== undefined && now.pid !== victim.pid && (await ids('inventory')).length === 2;
    };
    await expect.poll(isReplaced, WAIT).toBe(true);
    expect(performance.now() - startMs).toBeLessThan(15_000 * slowness());
    expect(processStartTime(victim.pid)).toBeUndefined();
  });
});

describe('a backing service that is killed under load', () => {
  it.each(['kafka', 'consul', 'postgres'] as const)(
    'is restarted without a lost order: %s',
    async (name) => {
      const traffic = new Traffic(gatewayUrl, `without-${name}`, pace);
      await traffic.signIn();
      const ending = new AbortController();
      const running = traffic.run({ ordersPerSecond: 10 }, ending.signal, true);
      await sleep(1_000); // some load before the kill
      const before = state().services[name]!;
      process.kill(before.pid, 'SIGKILL');
      const isRestarted = async () => {
        const { services } = await status();
        const now = services.find(({ service }) => service === name)!;
        return now.restarts > 0 && now.state === 'running';
      };
      await expect.poll(isRestarted, WAIT).toBe(true);
      await sleep(2_000); // some more orders after the restart
      ending.abort();
      const { orders } = await running;
      expect(orders.size).toBeGreaterThan(0);
      await expectAllCompleted(traffic, orders);
    },
  );
});
