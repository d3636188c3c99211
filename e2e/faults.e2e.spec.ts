import { spawnSync } from 'node:child_process';
import { connect } from 'node:net';
import { slowness } from '@fieldguide/clock/testing';
import { brokerSettings } from '@fieldguide/messaging/broker-url';
import type { Fault, FaultList } from '@fieldguide/platform-controller/faults/fault';
import type { Status } from '@fieldguide/platform-controller/status';
import { Kafka, logLevel } from 'kafkajs';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { instances, platform, scale } from './running-platform.ts';
import {
  ledger,
  newCustomer,
  orderOf,
  place,
  product,
  query,
  send,
  stock,
  timeline,
  waitForEnd,
} from './shop.ts';
import { Traffic } from './traffic.ts';

const WAIT = { timeout: 60_000, interval: 100 };
const BACKING = ['postgres', 'kafka', 'consul'] as const;
const PRODUCTS = '/products?limit=1';
/** The gateway stores no product that does not exist: 404 comes from catalog. */
const NO_PRODUCT = '/products/01900000-0000-7000-8000-00000000dead';
const STOCK = `/stock/${product.plenty}`;

const start = (kind: string, target: string, parameters: object = {}) =>
  platform().call<Fault>('POST', '/faults', { kind, target, force: true, ...parameters });
const stop = ({ id }: Fault) => platform().call('DELETE', `/faults/${id}`);
const stopAll = () => platform().call('DELETE', '/faults');
const active = async () => (await platform().call<FaultList>('GET', '/faults')).faults;
const status = () => platform().call<Status>('GET', '/status');
const fieldguide = (...args: string[]) =>
  spawnSync(process.execPath, ['platform/cli/bin/fieldguide.mjs', ...args, '--env', 'e2e'], {
    encoding: 'utf8',
  });

let customer: Awaited<ReturnType<typeof newCustomer>>;
let orders = 0;
const buy = async () => {
  const key = `faults-${process.pid}-${++orders}`;
  const { body } = await place(customer.token, key, orderOf('tok_ok', product.plenty));
  return body.id as string;
};
/** Milliseconds that a request takes. */
const duration = async (path: string, origin?: string) => {
  const startMs = performance.now();
  const response = await send('GET', path, origin ? { origin } : {});
  expect(response.status).toBe(200);
  return performance.now() - startMs;
};
const readiness = async (app: string) => {
  const [{ url }] = (await instances(app)) as unknown as [{ url: string }];
  const response = await fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(5_000) });
  return (await response.json()) as { dependencies: Record<string, { state: string }> };
};
/** The sum of a counter over the series whose labels contain a text. */
const counter = async (app: string, name: string, label: string) => {
  let sum = 0;
  for (const { url } of await instances(app)) {
    const text = await (await fetch(`${url}/metrics`)).text();
    const own = text.split('\n').filter((line) => line.startsWith(`${name}{`));
    for (const line of own) if (line.includes(label)) sum += Number(line.split(' ').at(-1));
  }
  return sum;
};

beforeAll(async () => {
  customer = await newCustomer();
});
afterEach(async () => {
  const left = await active();
  await stopAll(); // after a failed test, for the next one
  expect(left).toEqual([]);
});
afterAll(async () => {
  await stopAll();
  await scale('catalog', 1);
});

describe('a fault', () => {
  it.each([
    ['down', 'catalo', {}, /Did you mean "catalog"/],
    ['freeze', 'catalog/9', {}, /no instance "catalog\/9"/],
    ['latency', 'catalog', { to: 'kafk', delayMs: 9 }, /Did you mean "kafka"/],
    ['latency', 'catalog', {}, /delayMs/],
    ['reset', 'catalog', { percent: 101 }, /percent/],
    ['http-error', 'catalog', { to: 'postgres' }, /is not HTTP/],
    ['slow-consumer', 'gateway', {}, /no message handlers/],
    ['poison-record', 'catalog.product.v1', {}, /Did you mean "catalog.products.v1"/],
    ['down', 'catalog', { force: false }, /for the environment local/],
  ])('is rejected with an explanation: %s %s %j', async (kind, target, parameters, message) => {
    await expect(start(kind, target, parameters)).rejects.toThrow(message);
  });

  it('is rejected by the command line with what to try', () => {
    const { status, stderr } = fieldguide('fault', 'start', 'latncy', 'catalog');
    expect(status).toBe(1);
    expect(stderr).toMatch(/Did you mean "latency"[\s\S]*Try:/);
  });

  it('ends by itself', async () => {
    await start('down', 'payments', { forSeconds: 1 });
    expect(await instances('payments')).toEqual([]);
    await expect.poll(active, WAIT).toEqual([]);
    expect(await instances('payments')).toMatchObject([{ health: 'ok' }]);
  });
});

describe('an app that is kept down', () => {
  it('runs no instance until the fault ends, and is healed afterwards', async () => {
    const fault = await start('down', 'catalog');
    expect(await instances('catalog')).toEqual([]);
    expect((await send('GET', NO_PRODUCT)).status).toBe(503);
    await platform().call('PATCH', '/apps/catalog', { instances: 2 });
    expect(await instances('catalog')).toEqual([]);
    await stop(fault);
    const pids = async () =>
      (await instances('catalog')).filter(({ health }) => health === 'ok').map(({ pid }) => pid);
    const [victim] = await pids();
    process.kill(victim!, 'SIGKILL');
    const isHealed = async () => (await pids()).length === 2 && !(await pids()).includes(victim!);
    await expect.poll(isHealed, WAIT).toBe(true);
    await expect.poll(async () => (await send('GET', NO_PRODUCT)).status, WAIT).toBe(404);
  });
});

describe('backing services that are kept down, and a frozen instance', () => {
  it('stay so until the faults end', async () => {
    const [before] = await instances('shipping');
    const frozen = await start('freeze', 'shipping/1');
    const frozenAtMs = performance.now();
    const faults = await Promise.all(BACKING.map((each) => start('down', each)));
    const alive = fetch(`${before!.url}/health/live`, { signal: AbortSignal.timeout(1_000) });
    await expect(alive).rejects.toThrow(/timeout/);
    const { services } = await status();
    for (const { address, state } of services) {
      expect(state).toMatch(/ended/);
      expect(await connectionTo(address)).toBe('ECONNREFUSED');
    }
    await expect(platform().call('POST', '/services/kafka/restarts')).rejects.toThrow(/keeps it/);
    const { stdout } = fieldguide('status');
    for (const { id, title } of faults)
      expect(stdout).toContain(`! Fault ${id} is active: ${title} (`);

    // The health manager kills an instance that does not respond within ten seconds.
    const elapsed = () => performance.now() - frozenAtMs;
    await expect.poll(elapsed, WAIT).toBeGreaterThan(10_000 * slowness());
    const now = await status();
    expect(now.services.map(({ restarts }) => restarts)).toEqual(
      services.map(({ restarts }) => restarts),
    );
    expect((await instances('shipping')).map(({ pid }) => pid)).toEqual([before!.pid]);

    await Promise.all([frozen, ...faults].map(stop));
    expect((await status()).services.map(({ state }) => state)).toEqual(
      BACKING.map(() => 'running'),
    );
    await expect
      .poll(async () => await instances('shipping'), WAIT)
      .toMatchObject([{ pid: before!.pid, health: 'ok' }]);
    const isDone = async () => (await waitForEnd(customer.token, await buy())).status;
    await expect.poll(isDone, WAIT).toBe('completed');
  });
});

const connectionTo = (address: string) =>
  new Promise<string>((resolve) => {
    const [host, port] = address.split(':');
    const socket = connect({ host: host!, port: Number(port) });
    socket.once('connect', () => resolve('connected'));
    socket.once('error', ({ code }: NodeJS.ErrnoException) => resolve(code!));
    socket.once('close', () => socket.destroy());
  });

describe('latency', () => {
  const DELAY = {
    gateway: 200,
    catalog: 300,
    inventory: 350,
    statement: 400,
    provider: 700,
    kafka: 1_500,
  };
  /** Times between the events of a new order. */
  const gaps = async () => {
    const id = await buy();
    expect((await waitForEnd(customer.token, id)).status).toBe('completed');
    const items = await timeline(customer.token, id);
    const at = (type: string) => Date.parse(items.find((each) => each.type === type)!.time);
    return {
      reserved: at('StockReserved') - at('OrderPlaced'),
      authorised: at('PaymentAuthorised') - at('StockReserved'),
      captured: at('PaymentCaptured') - at('ShipmentDispatched'),
    };
  };

  it('delays what passes the proxies, without a failed request before, meanwhile or after', async () => {
    const traffic = new Traffic(inject('shop').gatewayUrl, 'faults');
    await traffic.signIn();
    const ending = new AbortController();
    const running = traffic.run({ readsPerSecond: 20 }, ending.signal);
    await Promise.all([
      start('latency', 'catalog', { to: 'postgres', delayMs: DELAY.catalog }),
      start('latency', 'inventory', { delayMs: DELAY.inventory }),
      start('slow-consumer', 'inventory', { delayMs: DELAY.statement }),
      start('latency', 'payments', { to: 'payment-provider', delayMs: DELAY.provider }),
      start('latency', 'shipping', { to: 'kafka', delayMs: DELAY.kafka }),
      start('latency', 'gateway', { delayMs: DELAY.gateway }),
    ]);
    // A new instance meets the same faults.
    await platform().call('PATCH', '/apps/catalog', { instances: 3 });
    for (const { url } of await instances('catalog'))
      expect(await duration(PRODUCTS, url)).toBeGreaterThan(DELAY.catalog);
    expect(await duration(STOCK)).toBeGreaterThan(DELAY.gateway + DELAY.inventory);
    const { reserved, authorised, captured } = await gaps();
    expect(reserved).toBeGreaterThan(2 * DELAY.statement);
    expect(authorised).toBeGreaterThan(DELAY.provider);
    expect(captured).toBeGreaterThan(DELAY.kafka);

    await stopAll();
    for (const { url } of await instances('catalog'))
      await expect.poll(() => duration(PRODUCTS, url), WAIT).toBeLessThan(DELAY.catalog);
    await expect.poll(() => duration(STOCK), WAIT).toBeLessThan(DELAY.inventory);
    const isFast = async () => {
      const { reserved, authorised, captured } = await gaps();
      return (
        reserved < 2 * DELAY.statement && authorised < DELAY.provider && captured < DELAY.kafka
      );
    };
    await expect.poll(isFast, WAIT).toBe(true);
    ending.abort();
    const { failures, reads } = await running;
    expect(failures).toEqual({});
    expect(reads).toBeGreaterThan(20);
    await scale('catalog', 1);
  });
});

describe('errors', () => {
  const signIn = async () => {
    const body = { grantType: 'password', email: customer.email, password: 'correct horse' };
    return (await send('POST', '/auth/tokens', { body })).status;
  };
  const providerErrors = () =>
    counter(
      'payments',
      'http_client_request_duration_seconds_count',
      'http_response_status_code="500"',
    );
  const messaging = async () => (await readiness('inventory')).dependencies['messaging']?.state;
  const registry = async () => (await readiness('shipping')).dependencies['consul']?.state;

  it('come from the proxies, and end with the faults', async () => {
    expect([await messaging(), await registry()]).toEqual(['ok', 'ok']);
    await Promise.all([
      start('http-error', 'catalog', { status: 503 }),
      start('http-error', 'payments', { to: 'payment-provider', status: 500 }),
      start('reset', 'identity', { to: 'postgres' }),
      start('refuse', 'inventory', { to: 'kafka' }),
      start('refuse', 'shipping', { to: 'consul' }),
    ]);
    expect((await send('GET', NO_PRODUCT)).status).toBe(503);
    expect(await signIn()).toBeGreaterThanOrEqual(500);
    await expect.poll(messaging, WAIT).toBe('degraded');
    await expect.poll(registry, WAIT).toBe('degraded');
    for (const { instances } of (await status()).apps) expect(instances).toHaveLength(1);

    await stopAll();
    await expect.poll(async () => (await send('GET', NO_PRODUCT)).status, WAIT).toBe(404);
    await expect.poll(signIn, WAIT).toBe(200);
    await expect.poll(messaging, WAIT).toBe('ok');
    await expect.poll(registry, WAIT).toBe('ok');
  });

  it('of the provider are counted by its caller, and the next order is paid', async () => {
    const fault = await start('http-error', 'payments', { to: 'payment-provider', status: 500 });
    await buy();
    await expect.poll(providerErrors, WAIT).toBeGreaterThan(0);
    await stop(fault);
    expect((await waitForEnd(customer.token, await buy())).status).toBe('completed');
  });
});

describe('records', () => {
  const TOPIC = 'inventory.requests.v1';
  const letters = (outcome: string) =>
    query('inventory', `SELECT FROM dead_letters WHERE key LIKE 'fault-%' AND ${outcome}`);

  it('that no parser reads are parked, and discarded when the fault ends', async () => {
    const { stdout } = fieldguide('fault', 'start', 'poison-record', TOPIC, '--force', '--json');
    expect(await letters('NOT redriven')).toHaveLength(1);
    expect((await waitForEnd(customer.token, await buy())).status).toBe('completed');
    expect(fieldguide('fault', 'list').stdout).toContain(`poison-record ${TOPIC}`);
    fieldguide('fault', 'stop', String((JSON.parse(stdout) as Fault).id));
    expect(await letters('NOT redriven')).toEqual([]);
    expect(await letters("outcome = 'discarded'")).toHaveLength(1);
    await query('inventory', "DELETE FROM dead_letters WHERE key LIKE 'fault-%'");
  });

  it('are duplicated byte by byte, and change nothing', async () => {
    for (let n = 0; n < 2; n++) await waitForEnd(customer.token, await buy());
    const before = await Promise.all([recordsOf(`e2e.${TOPIC}`), stock(product.plenty), ledger()]);
    const duplicates = () =>
      counter('inventory', 'messaging_process_duration_seconds_count', 'outcome="duplicate"');
    const countBefore = await duplicates();
    await start('duplicate-messages', TOPIC, { count: 2 });
    await expect.poll(duplicates, WAIT).toBeGreaterThanOrEqual(countBefore + 2);
    const records = await recordsOf(`e2e.${TOPIC}`);
    expect(records.length).toBe(before[0].length + 2);
    expect(new Set(records)).toEqual(new Set(before[0]));
    expect([await stock(product.plenty), await ledger()]).toEqual(before.slice(1));
  });
});

/** Every record of a topic as text; records with the same bytes are equal. */
async function recordsOf(topic: string): Promise<string[]> {
  const brokers = brokerSettings(inject('shop').kafka);
  const kafka = new Kafka({ clientId: 'faults-spec', ...brokers, logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.connect();
  const ends = await admin.fetchTopicOffsets(topic);
  const count = ends.reduce((sum, { high, low }) => sum + Number(high) - Number(low), 0);
  const groupId = `e2e.faults-spec-${Date.now()}`;
  const consumer = kafka.consumer({ groupId });
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  const found: string[] = [];
  await consumer.run({
    autoCommit: false,
    eachMessage: async ({ partition, message: { key, value, headers } }) => {
      const names = Object.keys(headers ?? {}).map((name) => `${name}=${headers![name]}`);
      found.push([partition, key, value?.toString('base64'), ...names].join(' '));
    },
  });
  await expect.poll(() => found.length, WAIT).toBe(count);
  await consumer.disconnect();
  await admin.deleteGroups([groupId]);
  await admin.disconnect();
  return found;
}
