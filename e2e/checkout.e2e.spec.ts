import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { slowness } from '@fieldguide/clock/testing';
import type { Order } from '@fieldguide/contracts/ordering';
import type { Operation } from '@fieldguide/contracts/payment-provider';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { projectionHash } from './projection-hash.ts';
import { instances, platform, scale, setSetting } from './running-platform.ts';
import {
  ledger,
  newCustomer,
  operatorToken,
  orderOf,
  place,
  product,
  query,
  send,
  stock,
  timeline,
  waitForEnd,
} from './shop.ts';

// As in `local`: enough time to reclaim a killed process's work and retry the call.
const DEADLINE_MS = 20_000;
const SLOTS = 6;
// The number in CI; `npm run verify` kills 20.
const KILLS = Number(process.env['FIELDGUIDE_PAYMENT_KILLS'] ?? 4);
let customer: Awaited<ReturnType<typeof newCustomer>>;

const operations = async (orderId: string): Promise<Operation[]> => {
  const sql = 'SELECT payment_id FROM payments WHERE order_id = $1';
  const [payment] = await query<{ payment_id: string }>('payments', sql, [orderId]);
  return (await ledger()).filter(({ paymentId }) => paymentId === payment?.payment_id);
};
const approved = (all: readonly Operation[], kind: string) =>
  all.filter((each) => each.kind === kind && each.outcome === 'approved');
const voids = async (id: string) => approved(await operations(id), 'void').length;
/** The command to authorise expired while payments was down: the void has left a tombstone, and the provider knows nothing. */
const isNeverSent = async (id: string) => {
  const sql = "SELECT FROM payments WHERE order_id = $1 AND status = 'voided' AND voids = 0";
  return (await query('payments', sql, [id])).length === 1 && (await operations(id)).length === 0;
};
/** Waits until payments works again: Kafka reassigns the partitions of killed consumers with a delay. */
const waitForPayments = async () => {
  const body = orderOf('tok_ok', product.plenty);
  const { id } = (await place(customer.token, 'payments-is-back', body)).body;
  const isOver = async () =>
    /completed|rejected/.test(
      (await send('GET', `/orders/${id}`, { token: customer.token })).body.status,
    );
  await vi.waitUntil(isOver, { timeout: 120_000, interval: 250 });
};
const cancel = (id: string, token = customer.token) =>
  send('POST', `/orders/${id}/cancellation`, { token });

beforeAll(async () => {
  customer = await newCustomer();
});

describe('a payment', () => {
  it('is rejected at the deadline when the provider never responds: stock released, nothing captured', async () => {
    await setSetting('ordering', 'PAYMENT_DEADLINE_MS', '3000');
    const before = await stock(product.alsoPlenty);
    const placedAt = performance.now();
    const placed = await place(
      customer.token,
      'never-responds',
      orderOf('tok_timeout', product.alsoPlenty),
    );
    const order = await waitForEnd(customer.token, placed.body.id);
    expect(performance.now() - placedAt).toBeLessThan(8_000 * slowness());
    expect(order).toMatchObject({ status: 'rejected', statusReason: 'paymentTimeout' });
    await expect.poll(() => stock(product.alsoPlenty)).toEqual(before);
    await expect
      .poll(async () => (await timeline(customer.token, order.id)).map(({ type }) => type).slice(2))
      .toEqual(
        expect.arrayContaining([
          'DeadlinePassed',
          'OrderRejected',
          'StockReleased',
          'PaymentVoided',
        ]),
      );
    expect(approved(await operations(order.id), 'capture')).toEqual([]);
    expect(approved(await operations(order.id), 'void')).toHaveLength(1);
  });

  it(`is charged at most once with a slow or silent provider, while payments is killed ${KILLS} times`, async () => {
    await setSetting('ordering', 'PAYMENT_DEADLINE_MS', String(DEADLINE_MS));
    await scale('payments', SLOTS);
    const orders: { id: string; token: string; placedAt: number }[] = [];
    for (let n = 0; n < KILLS; n++) {
      const tokens = ['tok_timeout', 'tok_slow', 'tok_slow', 'tok_flaky'];
      for (const token of tokens) {
        const key = `killed-in-the-middle-${n}-${orders.length}`;
        const placed = await place(customer.token, key, orderOf(token, product.plenty));
        expect(placed.status).toBe(201);
        orders.push({ id: placed.body.id, token, placedAt: performance.now() });
      }
      await sleep((n * 397) % 1_500); // another moment each time
      const slot = (n % SLOTS) + 1;
      const signals = `/apps/payments/instances/${slot}/signals`;
      await platform().call('POST', signals, { signal: 'SIGKILL' });
      await sleep(500);
    }
    const ids = orders.map(({ id }) => id);
    const slow = slowness();
    for (const { id, token, placedAt } of orders) {
      const order = await endedWithin(id, placedAt + DEADLINE_MS + 5_000 * slow);
      const all = await operations(id);
      const captures = approved(all, 'capture');
      expect(captures, id).toHaveLength(order.status === 'completed' ? 1 : 0);
      expect(approved(all, 'authorise').length, id).toBeLessThanOrEqual(1);
      if (token === 'tok_timeout')
        expect(order).toMatchObject({ status: 'rejected', statusReason: 'paymentTimeout' });
      if (order.status === 'completed') continue;
      const isReverted = async () => (await voids(id)) > 0 || (await isNeverSent(id));
      await expect.poll(isReverted, { timeout: 120_000 }).toBe(true);
    }
    // A killed process's work is reclaimed after a timeout, and its replacement starts after a backoff: both add up.
    const open = async () => {
      const sql = 'SELECT order_id FROM open_checkouts WHERE order_id = ANY($1)';
      return (await query('ordering', sql, [ids])).length;
    };
    await expect.poll(open, { timeout: 120_000 }).toBe(0);
  }, 600_000);

  it('is charged once when every instance is killed during a slow call to the provider', async () => {
    await setSetting('ordering', 'PAYMENT_DEADLINE_MS', '60000');
    await scale('payments', SLOTS);
    const body = orderOf('tok_slow', product.plenty);
    const placed = await place(customer.token, 'all-killed-during-the-call', body);
    const payment = async () => {
      const sql = 'SELECT status, attempts, version FROM payments WHERE order_id = $1';
      const [row] = await query<{ status: string; attempts: number; version: number }>(
        'payments',
        sql,
        [placed.body.id],
      );
      return row;
    };
    const isClaimed = async () => (await payment())?.attempts === 1;
    await vi.waitUntil(isClaimed, { timeout: 60_000, interval: 50 });
    const claimed = await payment();
    expect(claimed).toMatchObject({ status: 'authorising' });
    const signals = Array.from({ length: SLOTS }, (_, at) => `/instances/${at + 1}/signals`);
    const kill = (path: string) =>
      platform().call('POST', `/apps/payments${path}`, { signal: 'SIGKILL' });
    await Promise.all(signals.map(kill));
    const order = await endedWithin(placed.body.id, performance.now() + 60_000);
    expect(order.status).toBe('completed');
    const all = await operations(order.id);
    expect(approved(all, 'authorise')).toHaveLength(1);
    expect(approved(all, 'capture')).toHaveLength(1);
    // Claim, result, and both again for the capture make five changes; a reclaim after the kill makes more.
    expect((await payment())!.version - claimed!.version).toBeGreaterThan(5);
  }, 600_000);

  afterAll(async () => {
    await setSetting('ordering', 'PAYMENT_DEADLINE_MS', '20000');
    await scale('payments', 1);
  });

  /**
   * Waits for the order's end. The payment must be decided by the given time; a dispatched order can only be completed,
   * and its capture is retried without limit.
   */
  async function endedWithin(id: string, by: number): Promise<Order> {
    const left = Math.max(5_000, by - performance.now());
    let order = {} as Order;
    const status = async () => {
      order = (await send('GET', `/orders/${id}`, { token: customer.token })).body as Order;
      return order.status;
    };
    const decided = { timeout: left, interval: 100 };
    await expect.poll(status, decided).toMatch(/dispatched|completed|rejected/);
    const ended = { timeout: 120_000, interval: 100 };
    await expect.poll(status, ended).toMatch(/completed|rejected/);
    return order;
  }
});

describe('a cancellation', () => {
  it('leaves the order cancelled with nothing captured, or completed with captured = total, in 200 races with the dispatch', async () => {
    await waitForPayments();
    // Several customers, because the gateway limits the requests of each.
    const customers = await Promise.all(Array.from({ length: 8 }, newCustomer));
    const slow = Math.max(slowness(), 1 / inject('pace'));
    await setSetting('shipping', 'DISPATCH_DELAY_MS', String(Math.round(300 * slow)));
    const ends = await Promise.all(
      Array.from({ length: 200 }, async (_, n) => {
        await sleep(n * 60 * slow);
        const { token } = customers[n % customers.length]!;
        const body = orderOf('tok_ok', product.plenty);
        const placed = await place(token, `raced-against-the-dispatch-${n}`, body);
        const isConfirmed = async () => {
          const events = await timeline(token, placed.body.id);
          return events.some(({ type }) => type === 'OrderConfirmed');
        };
        await expect.poll(isConfirmed, { interval: 100, timeout: 60_000 }).toBe(true);
        await sleep(((n * 37) % 1_000) * slow); // before, during and after the dispatch
        const response = await cancel(placed.body.id, token);
        expect([202, 409]).toContain(response.status);
        const order = await waitForEnd(token, placed.body.id);
        const captures = approved(await operations(order.id), 'capture');
        const capturedMinor = captures.reduce((sum, { amount }) => sum + amount.amountMinor, 0);
        expect(capturedMinor).toBe(order.status === 'completed' ? order.total.amountMinor : 0);
        if (response.status === 409) expect(order.status).toBe('completed');
        if (response.body.status === 'cancelled') expect(order.status).toBe('cancelled');
        return order.status;
      }),
    );
    await setSetting('shipping', 'DISPATCH_DELAY_MS', '1000');
    expect(new Set(ends)).toEqual(new Set(['cancelled', 'completed']));
    for (const service of ['ordering', 'inventory', 'payments', 'shipping'])
      expect(
        await query(service, 'SELECT reason FROM dead_letters WHERE NOT redriven'),
        service,
      ).toEqual([]);
  }, 600_000);

  it('is allowed to the owner only, and returns the same response when repeated', async () => {
    const body = orderOf('tok_ok', product.plenty);
    const { id } = (await place(customer.token, 'owner-only', body)).body;
    const otherCustomer = await newCustomer();
    const unknown = { status: 404, body: { type: '/problems/ordering.orderNotFound' } };
    expect(await cancel(id, otherCustomer.token)).toMatchObject(unknown);
    expect((await cancel(id, await operatorToken())).status).toBe(403);
    const first = await cancel(id);
    expect(first.status).toBe(202);
    expect((await waitForEnd(customer.token, id)).status).toBe('cancelled');
    expect(await cancel(id)).toMatchObject({ status: 202, body: { status: 'cancelled' } });
    expect(await cancel('01900000-0000-8000-8000-00000000dead')).toMatchObject(unknown);
  });
});

describe('an operator', () => {
  const fieldguide = async (...args: string[]) => {
    const all = ['platform/cli/bin/fieldguide.mjs', ...args, '--env', 'e2e'];
    return (await promisify(execFile)(process.execPath, all)).stdout;
  };

  it('lists, retries and abandons a waiting order, recorded as the actor in its history', async () => {
    const body = orderOf('tok_timeout', product.plenty);
    const { id } = (await place(customer.token, 'abandoned', body)).body;
    const types = async () => (await timeline(customer.token, id)).map(({ type }) => type);
    await expect.poll(types).toContain('StockReserved');
    expect(await fieldguide('checkouts')).toMatch(new RegExp(`${id} +awaitingPayment`));
    expect(await fieldguide('checkouts', '--stuck')).not.toContain(id);
    await fieldguide('checkout', id, 'retry');
    await expect(fieldguide('checkout', id, 'expire')).rejects.toThrow(/`local` only/);
    await fieldguide('checkout', id, 'abandon');
    const order = await waitForEnd(customer.token, id);
    expect(order).toMatchObject({ status: 'rejected', statusReason: 'abandoned' });
    const events = await query<{ type: string; actor: string }>(
      'ordering',
      "SELECT type, metadata->>'actor' AS actor FROM events WHERE stream = $1 AND type LIKE 'Checkout%' ORDER BY version",
      [`order-${id}`],
    );
    expect(events).toEqual([
      { type: 'CheckoutRetried', actor: 'operator' },
      { type: 'CheckoutAbandoned', actor: 'operator' },
    ]);
    await expect.poll(types).toContain('PaymentVoided');
    await expect(fieldguide('checkout', id, 'retry')).rejects.toThrow(
      /This order has no open checkout/,
    );
    const explained = await fieldguide('explain', id);
    expect(explained).toMatch(/VoidPayment[\s\S]*on-payment-command\.ts:\d+/);
  });

  it('is rejected without the scope', async () => {
    const { url } = (await instances('ordering'))[0]!;
    const asCustomer = { token: customer.token, origin: url };
    expect((await send('GET', '/checkouts', asCustomer)).status).toBe(403);
    expect((await send('GET', '/checkouts', { origin: url })).status).toBe(401);
    expect((await send('GET', '/checkouts', { token: customer.token })).status).toBe(404);
  });
});

describe('the projection', () => {
  it('equals the fold of the log after all these orders', async () => {
    await expect
      .poll(async () => (await projectionHash('projection')) === (await projectionHash('log')))
      .toBe(true);
  });
});

afterAll(async () => {
  await setSetting('ordering', 'PAYMENT_DEADLINE_MS', '20000');
  await setSetting('shipping', 'DISPATCH_DELAY_MS', '1000');
});
