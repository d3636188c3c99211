import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { orderEvents, storedExample } from '@fieldguide/simulation/order-log';
import type { ProjectionStatus } from '@fieldguide/system/commands/events/event-tables';
import { describe, expect, inject, it } from 'vitest';
import { countInProgress } from './order-invariants.ts';
import { projectionHash } from './projection-hash.ts';
import { instances } from './running-platform.ts';
import {
  newCustomer,
  operatorToken,
  orderOf,
  place,
  product,
  query,
  send,
  timeline,
  waitForEnd,
} from './shop.ts';
import { Traffic } from './traffic.ts';

const fieldguide = async (...args: string[]) => {
  const all = ['platform/cli/bin/fieldguide.mjs', ...args, '--env', 'e2e'];
  return (await promisify(execFile)(process.execPath, all)).stdout;
};

const projectionNamed = async (name: string) => {
  const all = JSON.parse(await fieldguide('projections', 'status', '--json')) as ProjectionStatus[];
  return all.find((each) => each.name === name);
};

describe('a projection', () => {
  it('is rebuilt under load without a failed request, and equals the fold of the log', async () => {
    const traffic = new Traffic(inject('shop').gatewayUrl, 'rebuilt');
    await traffic.signIn();
    const ending = new AbortController();
    const running = traffic.run({ readsPerSecond: 50, ordersPerSecond: 20 }, ending.signal);
    for (let n = 0; n < 3; n++)
      for (const name of ['order-summary', 'sales'])
        expect(await fieldguide('projections', 'rebuild', name)).toMatch(/is rebuilt/);
    ending.abort();
    const { orders, reads, failures } = await running;
    expect(failures).toEqual({});
    expect(orders.size).toBeGreaterThan(4);
    expect(reads).toBeGreaterThan(10);
    await expect
      .poll(async () => (await projectionHash('projection')) === (await projectionHash('log')), {
        timeout: 60_000,
      })
      .toBe(true);
    // Until then later orders would wait for their payments behind those of the load.
    await expect.poll(countInProgress, { timeout: 120_000, interval: 500 }).toBe(0);
  }, 360_000);

  it('is paused and resumed: meanwhile orders are read from the log, and lists return 503 when too old', async () => {
    const { token } = await newCustomer();
    expect(await fieldguide('projections', 'pause', 'order-summary')).toMatch(/is paused/);
    const placed = await place(token, 'while-paused', orderOf('tok_ok', product.plenty));
    const { id } = placed.body;
    const seen = { 'consistency-token': placed.headers.get('consistency-token')! };
    const list = () => send('GET', '/orders', { token, headers: seen });
    expect((await send('GET', `/orders/${id}`, { token })).status).toBe(200);
    expect(await list()).toMatchObject({
      status: 503,
      body: { type: '/problems/ordering.projectionBehind' },
    });
    const projection = () => projectionNamed('order-summary');
    expect(await projection()).toMatchObject({ pausedSince: expect.any(String) });
    expect((await projection())!.lagEvents).toBeGreaterThan(0);
    expect(await fieldguide('projections', 'resume', 'order-summary')).toMatch(/is resumed/);
    await expect.poll(async () => (await list()).body.items?.[0]?.id).toBe(id);
    expect(await projection()).toMatchObject({ pausedSince: null, instance: expect.any(String) });
    await expect(fieldguide('projections', 'pause', 'order-sumary')).rejects.toThrow(
      /no projection of this name[\s\S]*projections list/,
    );
  });

  it('of sales keeps its numbers while paused, and has all sales when it is resumed', async () => {
    const { token } = await newCustomer();
    const staff = await operatorToken();
    const today = new Date().toISOString().slice(0, 10);
    const tomorrow = new Date(Date.now() + 86_400_000).toISOString().slice(0, 10);
    const path = `/sales?from=${today}&to=${tomorrow}&productId=${product.alsoPlenty}`;
    const unitsSold = async () => {
      const { status, body } = await send('GET', path, { token: staff });
      expect(status).toBe(200);
      const units: number[] = body.items.map((each: { units: number }) => each.units);
      return units.reduce((sum, each) => sum + each, 0);
    };
    expect(await fieldguide('projections', 'pause', 'sales')).toMatch(/is paused/);
    const before = await unitsSold();
    const body = orderOf('tok_ok', product.alsoPlenty);
    const { id } = (await place(token, 'sold-while-paused', body)).body;
    expect((await waitForEnd(token, id)).status).toBe('completed');
    expect(await unitsSold()).toBe(before);
    expect(await projectionNamed('sales')).toMatchObject({ pausedSince: expect.any(String) });
    expect(await fieldguide('projections', 'resume', 'sales')).toMatch(/is resumed/);
    await expect.poll(unitsSold).toBe(before + 2);
    expect((await send('GET', path, { token })).status).toBe(403);
  });

  it('is not rebuilt when its name is unknown', async () => {
    await expect(fieldguide('projections', 'rebuild', 'order-sumary')).rejects.toThrow(
      /"order-sumary"[\s\S]*order-summary, sales/,
    );
  });
});

/** Reads an example of an event's data in an old format. */
function exampleOf(type: string, format: number, more: object): object {
  const example = storedExample(type, format);
  return 'orderId' in example ? { ...example, ...more } : example;
}

describe('the event log', () => {
  it('shows the events of an order, the feed, and the positions of projections', async () => {
    const customer = await newCustomer();
    const { position } = (await projectionNamed('order-summary'))!;
    const body = orderOf('tok_declined', product.plenty);
    const { id } = (await place(customer.token, 'inspected', body)).body;
    const types = async () => (await timeline(customer.token, id)).map(({ type }) => type);
    await expect.poll(types).toContain('StockReleased');
    const events = JSON.parse(await fieldguide('events', `order-${id}`, '--json'));
    expect(events.map((each: { type: string }) => each.type).slice(0, 2)).toEqual([
      'OrderPlaced',
      'StockReserved',
    ]);
    expect(events[0]).toMatchObject({
      version: 1,
      actor: customer.id,
      state: { status: 'placed' },
    });
    expect(events.at(-1).state).toMatchObject({ status: 'rejected', pendingCompensations: [] });
    expect(await fieldguide('events', `order-${id}`)).toMatch(
      /OrderPlaced by .*\n.*\n.*"status":"placed"/,
    );
    expect(await fieldguide('feed', '--after', position)).toContain(`order-${id}@1`);
    expect(await fieldguide('feed')).toMatch(/order-[0-9a-f-]{36}@\d+/);
    expect(await fieldguide('projections', 'list')).toMatch(/order-summary +\d+[\s\S]*sales +\d+/);
    await expect(fieldguide('events', 'unknown')).rejects.toThrow(/not a stream of an order/);
  });

  it('stores events in the formats of their examples', async () => {
    const stored = await query<{ type: string; data: object }>(
      'ordering',
      'SELECT DISTINCT ON (type) type, data FROM events ORDER BY type, time',
    );
    expect(stored.length).toBeGreaterThan(8);
    for (const { type, data } of stored)
      expect(orderEvents[type.split('@')[0] as keyof typeof orderEvents].parse(data)).toEqual(data);
  });

  it('upcasts events of an older version for every model', async () => {
    const orderId = '01900000-0000-8000-8000-0000000000f1';
    const stream = `order-${orderId}`;
    const types = ['OrderPlaced', 'StockReserved', 'OrderRejected', 'PaymentVoided'];
    const stored = types.map((type) => exampleOf(type, 1, { orderId }));
    await query(
      'ordering',
      `WITH head AS (INSERT INTO streams VALUES ($1, $2)),
       numbered AS (UPDATE feed_end SET position = position + $2 RETURNING position - $2 AS before),
       written AS (
         INSERT INTO events (stream, version, id, type, data, metadata, time)
         SELECT $1, e.version, gen_random_uuid(), e.type, e.data, '{"correlationId":"01900000-0000-7000-8000-0000000000f2"}', now()
         FROM unnest($3::text[], $4::jsonb[]) WITH ORDINALITY AS e (type, data, version) RETURNING version
       )
       INSERT INTO feed SELECT before + version, $1, version FROM numbered, written`,
      [stream, types.length, types, stored.map((each) => JSON.stringify(each))],
    );
    const events = JSON.parse(await fieldguide('events', stream, '--json'));
    expect(events[3]).toMatchObject({
      type: 'PaymentVoided',
      data: { paymentId: null },
      state: { status: 'rejected', pendingCompensations: ['releaseStock'] },
    });
    const row = () =>
      query('ordering', 'SELECT status, payment_status FROM order_summary WHERE order_id = $1', [
        orderId,
      ]);
    await expect.poll(row).toEqual([{ status: 'rejected', payment_status: 'voided' }]);
  });

  it('is restricted to operators', async () => {
    const { token } = await newCustomer();
    expect((await send('GET', '/log/feed', { token })).status).toBe(404);
    expect((await send('GET', '/log/feed', { token: await operatorToken() })).status).toBe(404);
    const origin = (await instances('ordering'))[0]!.url;
    for (const [method, path] of [
      ['GET', '/log/feed'],
      ['GET', '/log/projections'],
      ['POST', '/log/projections/order-summary/pause'],
    ] as const)
      expect((await send(method, path, { token, origin })).status, path).toBe(403);
  });
});
