import { slowness } from '@fieldguide/clock/testing';
import { beforeAll, describe, expect, it } from 'vitest';
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

let customer: Awaited<ReturnType<typeof newCustomer>>;
beforeAll(async () => {
  customer = await newCustomer();
});
const operationsFor = async (orderId: string) => {
  const [payment] = await query<{ payment_id: string }>(
    'payments',
    'SELECT payment_id FROM payments WHERE order_id = $1',
    [orderId],
  );
  return (await ledger()).filter(({ paymentId }) => paymentId === payment?.payment_id);
};

describe('an order', () => {
  it('is completed within five seconds, with captured = total and seven events of four services in causal order', async () => {
    const startMs = performance.now();
    const placed = await place(
      customer.token,
      'happy-path-1',
      orderOf('tok_ok', product.plenty, product.alsoPlenty),
    );
    expect(placed.status).toBe(201);
    expect(placed.headers.get('location')).toBe(`/orders/${placed.body.id}`);
    const order = await waitForEnd(customer.token, placed.body.id);
    expect(performance.now() - startMs).toBeLessThan(5_000 * slowness());
    expect(order).toMatchObject({
      status: 'completed',
      payment: { status: 'captured' },
      customerId: customer.id,
    });
    expect(order.shipment?.trackingNumber).toMatch(/^FG/);

    const operations = await operationsFor(order.id);
    expect(operations.map(({ kind, outcome, amount }) => [kind, outcome, amount])).toEqual([
      ['authorise', 'approved', order.total],
      ['capture', 'approved', order.total],
    ]);
    const items = await timeline(customer.token, order.id);
    expect(items.map(({ source, type }) => `${source} ${type}`)).toEqual([
      'ordering OrderPlaced',
      'inventory StockReserved',
      'payments PaymentAuthorised',
      'ordering OrderConfirmed',
      'shipping ShipmentDispatched',
      'payments PaymentCaptured',
      'ordering OrderCompleted',
    ]);
    // One trace and one correlation id across four services, their workers and Kafka.
    const [totals] = await query<{ events: number; traces: number; correlations: number }>(
      'ordering',
      `SELECT count(*)::int AS events, count(DISTINCT split_part(metadata->>'traceparent', '-', 2))::int AS traces,
              count(DISTINCT metadata->>'correlationId')::int AS correlations
       FROM events WHERE stream = $1`,
      [`order-${order.id}`],
    );
    expect(totals).toEqual({ events: 7, traces: 1, correlations: 1 });
  });

  it.each([
    ['tok_declined', product.plenty, 'paymentDeclined', 'declined'],
    ['tok_insufficient_funds', product.plenty, 'insufficientFunds', 'declined'],
    ['tok_ok', product.none, 'outOfStock', 'none'],
  ])(
    'is rejected, with stock released and nothing captured: %s for %s (%s)',
    async (token, productId, reason, payment) => {
      const before = await stock(productId);
      const placed = await place(customer.token, `rejected-${reason}`, orderOf(token, productId));
      expect(placed.status).toBe(201);
      const order = await waitForEnd(customer.token, placed.body.id);
      expect(order).toMatchObject({
        status: 'rejected',
        statusReason: reason,
        payment: { status: payment },
      });
      await expect.poll(() => stock(productId)).toEqual(before);
      expect((await operationsFor(order.id)).filter(({ kind }) => kind === 'capture')).toEqual([]);
    },
  );

  it('is charged once although the provider fails twice', async () => {
    const placed = await place(
      customer.token,
      'flaky-provider',
      orderOf('tok_flaky', product.plenty),
    );
    const order = await waitForEnd(customer.token, placed.body.id);
    expect(order.status).toBe('completed');
    expect((await operationsFor(order.id)).map(({ kind }) => kind)).toEqual([
      'authorise',
      'capture',
    ]);
  });

  it('is created once when the same request is sent three times concurrently', async () => {
    const body = orderOf('tok_ok', product.plenty);
    const responses = await Promise.all(
      [1, 2, 3].map(() => place(customer.token, 'three-at-once', body)),
    );
    expect(responses.map(({ status }) => status)).toEqual([201, 201, 201]);
    expect(new Set(responses.map((each) => each.body.id)).size).toBe(1);
    await waitForEnd(customer.token, responses[0]!.body.id);
    const again = await place(customer.token, 'three-at-once', body);
    expect(again).toMatchObject({
      status: 201,
      body: { id: responses[0]!.body.id, status: 'completed' },
    });
  });

  it('returns 422 when its idempotency key was used for another order', async () => {
    await place(customer.token, 'used-before', orderOf('tok_ok', product.plenty));
    const other = await place(customer.token, 'used-before', orderOf('tok_ok', product.alsoPlenty));
    expect(other).toMatchObject({
      status: 422,
      body: { type: '/problems/ordering.idempotencyKeyReused' },
    });
    const sameOrder = orderOf('tok_ok', product.plenty);
    const moved = { ...sameOrder, shipTo: { ...sameOrder.shipTo, city: 'Basel' } };
    expect((await place(customer.token, 'used-before', moved)).status).toBe(422);
  });

  it('of another customer is not found, but is readable with an operator scope', async () => {
    const placed = await place(customer.token, 'not-yours', orderOf('tok_ok', product.plenty));
    const otherCustomer = await newCustomer();
    for (const path of [`/orders/${placed.body.id}`, `/orders/${placed.body.id}/timeline`]) {
      expect(await send('GET', path, { token: otherCustomer.token })).toMatchObject({
        status: 404,
        body: { type: '/problems/ordering.orderNotFound' },
      });
      expect((await send('GET', path, { token: await operatorToken() })).status).toBe(200);
    }
    const own = await send('GET', '/orders', { token: otherCustomer.token });
    expect(own.body).toEqual({ items: [], nextCursor: null });
  });

  it('is readable immediately after it was acknowledged', async () => {
    for (let n = 0; n < 10; n++) {
      const placed = await place(
        customer.token,
        `read-at-once-${n}`,
        orderOf('tok_ok', product.plenty),
      );
      expect(
        (await send('GET', `/orders/${placed.body.id}`, { token: customer.token })).status,
      ).toBe(200);
    }
  });

  it('is listed newest first, page by page', async () => {
    const pages = [];
    for (let cursor = ''; ; ) {
      const { body } = await send('GET', `/orders?limit=3${cursor && `&cursor=${cursor}`}`, {
        token: customer.token,
      });
      pages.push(...body.items);
      if (!body.nextCursor) break;
      cursor = body.nextCursor;
    }
    const times = pages.map(({ placedAt }) => placedAt);
    expect(times).toEqual(times.toSorted().reverse());
    expect(new Set(pages.map(({ id }) => id)).size).toBe(pages.length);
    expect(pages.length).toBeGreaterThan(10);
  });

  it('uses the current catalog price, and stores no address in an event', async () => {
    const token = await operatorToken();
    const body = {
      sku: 'E2E-PRICE',
      name: 'Whistle',
      description: 'Loud.',
      category: 'kitchen',
      price: { amountMinor: 500, currency: 'EUR' },
    };
    const added = await send('POST', '/products', { token, body });
    expect(added.status).toBe(201);
    const replenish = {
      token,
      body: { units: 10 },
      headers: { 'idempotency-key': 'first-whistles' },
    };
    expect((await send('POST', `/stock/${added.body.id}/replenishments`, replenish)).status).toBe(
      201,
    );
    expect((await send('POST', `/stock/${added.body.id}/replenishments`, replenish)).status).toBe(
      201,
    );
    expect(await stock(added.body.id)).toEqual({ onHandUnits: 10, freeUnits: 10 });
    const change = {
      token,
      body: { price: { amountMinor: 700, currency: 'EUR' } },
      headers: { 'if-match': added.headers.get('etag')! },
    };
    const repriced = await send('PATCH', `/products/${added.body.id}`, change);
    const read = await send('GET', `/products/${added.body.id}`);
    expect(repriced.status).toBe(200);
    expect(repriced.headers.get('etag')).toBe(read.headers.get('etag'));
    expect((await send('PATCH', `/products/${added.body.id}`, change)).status).toBe(409);
    const price = async () => {
      const [row] = await query<{ price: { amountMinor: number } }>(
        'ordering',
        'SELECT price FROM product_prices WHERE product_id = $1',
        [added.body.id],
      );
      return row?.price.amountMinor;
    };
    await expect.poll(price).toBe(700);
    const placed = await place(customer.token, 'whistles', orderOf('tok_ok', added.body.id));
    expect(placed.body.total).toEqual({ amountMinor: 1_400, currency: 'EUR' });
    const [events] = await query<{ text: string }>(
      'ordering',
      "SELECT string_agg(data::text || metadata::text, '') AS text FROM events",
    );
    expect(events!.text).not.toMatch(/Side St/);
  });
});
