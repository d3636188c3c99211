import { describe, expect, it } from 'vitest';
import { orderOf, place, product, send } from '../shop.ts';
import { attacker, nothingChanges, operator, victim } from './attack.ts';

nothingChanges();

const good = orderOf('tok_ok', product.plenty);
const [line] = good.lines;
let keys = 0;
const order = (body: unknown, key = `attack-${keys++}`) => place(attacker.token, key, body);

describe('the order of another customer', () => {
  const requests: Record<string, [method: string, path: (id: string) => string]> = {
    'be read': ['GET', (id) => `/orders/${id}`],
    'be followed': ['GET', (id) => `/orders/${id}/timeline`],
    'be cancelled': ['POST', (id) => `/orders/${id}/cancellation`],
  };
  it.each(Object.keys(requests))(
    'cannot %s, and looks like one that does not exist',
    async (what) => {
      const [method, path] = requests[what]!;
      const { token } = attacker;
      const theirs = await send(method, path(victim.orderId), { token });
      const none = await send(method, path('01900000-0000-7000-8000-00000000dead'), { token });
      expect([theirs.status, none.status]).toEqual([404, 404]);
      expect({ ...theirs.body, traceId: 0, instance: 0 }).toEqual({
        ...none.body,
        traceId: 0,
        instance: 0,
      });
    },
  );
  it('is not listed, also not with a filter or a cursor', async () => {
    const { token } = attacker;
    for (const query of ['', '?limit=100']) {
      expect((await send('GET', `/orders${query}`, { token })).body.items).toEqual([]);
    }
    for (const query of ['?customerId=', '?userId='])
      expect(
        (await send('GET', `/orders${query}${victim.id}`, { token })).body.items ?? [],
      ).toEqual([]);
  });
  it('is not placed again with the idempotency key of its owner', async () => {
    const other = orderOf('tok_ok', product.none);
    const response = await place(victim.token, 'of-the-victim', other);
    expect(response).toMatchObject({
      status: 422,
      body: { type: '/problems/ordering.idempotencyKeyReused' },
    });
  });
});

describe('a request of staff', () => {
  const price = { amountMinor: 1, currency: 'EUR' };
  const requests: Record<string, [method: string, path: string, body?: unknown]> = {
    'adds a product': [
      'POST',
      '/products',
      { sku: 'ATK-1', name: 'A', description: 'A', category: 'sleep', price },
    ],
    'changes a price': ['PATCH', `/products/${product.plenty}`, { price }],
    'adds stock': ['POST', `/stock/${product.plenty}/replenishments`, { units: 1 }],
    'reads the sales': ['GET', '/sales?from=2026-01-01&to=2026-12-31'],
  };
  it.each(Object.keys(requests))('is refused for a customer: %s', async (what) => {
    const [method, path, body] = requests[what]!;
    const headers = { 'idempotency-key': 'attack-staff', 'if-match': '"1"' };
    const response = await send(method, path, { token: attacker.token, headers, body });
    expect(response).toMatchObject({ status: 403, body: { type: '/problems/notAllowed' } });
    expect((await send(method, path, { headers, body })).status).toBe(401);
  });
});

describe('an order', () => {
  const quantities: Record<string, unknown> = {
    negative: -1,
    zero: 0,
    'a fraction': 1.5,
    huge: 1e15,
    'as text': '1',
    'as a list': [1],
    null: null,
  };
  it.each(Object.keys(quantities))('is refused with a quantity that is %s', async (what) => {
    const response = await order({ ...good, lines: [{ ...line, quantity: quantities[what] }] });
    expect(response.status).toBe(400);
    expect(response.body.errors[0].pointer).toBe('/lines/0/quantity');
  });

  const extra: Record<string, object> = {
    'a total': { totalMinor: 1 },
    'a status': { status: 'completed' },
    'another customer': { customerId: 'x' },
    'an id': { id: '01900000-0000-7000-8000-00000000dead' },
  };
  it.each(Object.keys(extra))('takes nothing that the shop decides: %s', async (what) => {
    const response = await order({ ...good, lines: [], ...extra[what] });
    expect(response.status).toBe(400);
  });
  it('takes no price from the customer', async () => {
    const lines = [{ ...line, quantity: -1, price: { amountMinor: 1, currency: 'EUR' } }];
    expect((await order({ ...good, lines })).status).toBe(400);
  });

  const bodies: Record<string, unknown> = {
    'no lines': { ...good, lines: [] },
    '200 lines': { ...good, lines: Array.from({ length: 200 }, () => line) },
    'the same product twice': { ...good, lines: [line, line] },
    'an unknown product': { ...good, lines: [{ ...line, productId: 'x' }] },
    'NUL in the address': { ...good, shipTo: { ...good.shipTo, name: 'a\u0000b' } },
    'half a character in the address': { ...good, shipTo: { ...good.shipTo, name: 'a\ud800' } },
    'an address of 10 kB': { ...good, shipTo: { ...good.shipTo, street: 'a'.repeat(10_000) } },
    'an operator of a database as token': { ...good, payment: { token: { $ne: '' } } },
    'a prototype': '{"__proto__":{"lines":[]},"lines":1}',
    'a list': [],
    'a deep list': `${'['.repeat(10_000)}${']'.repeat(10_000)}`,
  };
  it.each(Object.keys(bodies))('is refused with %s', async (what) => {
    expect((await order(bodies[what])).status).toBe(400);
  });

  const badKeys: Record<string, string> = {
    'no key': '',
    'a short key': 'a',
    'a key of 10 kB': 'k'.repeat(10_000),
    'a key with spaces': 'a b c d e f g h',
  };
  it.each(Object.keys(badKeys))('is refused with %s', async (what) => {
    expect((await order(good, badKeys[what]!)).status).toBe(422);
  });
});

describe('a query', () => {
  const injections = [
    "x' OR '1'='1",
    "'; DROP TABLE products; --",
    '%27%20UNION%20SELECT%20*',
    '*',
    '%',
    '\\',
    '#{7*7}',
    '{{7*7}}',
  ];
  it.each(injections)('is text and nothing else: %s', async (text) => {
    const found = await send('GET', `/products?query=${encodeURIComponent(text)}`);
    expect(found.status).toBe(200);
    const categories = await send('GET', `/products?category=${encodeURIComponent(text)}`);
    expect([200, 400]).toContain(categories.status);
    expect(categories.body.items ?? []).toEqual([]);
  });
  it('cannot request more than a page', async () => {
    for (const limit of ['1000000000', '-1', '1e9', '0'])
      expect((await send('GET', `/products?limit=${limit}`)).status).toBe(400);
    expect((await send('GET', '/products?sort=price;DROP')).status).toBe(400);
  });
});

it('a response holds no payment token, hash or name of another customer', async () => {
  const pages = ['/orders', `/orders/${victim.orderId}`, `/orders/${victim.orderId}/timeline`];
  for (const path of pages) {
    for (const token of [victim.token, operator.token]) {
      const { status, body } = await send('GET', path, { token });
      expect([path, status]).toEqual([path, 200]);
      expect(JSON.stringify(body)).not.toMatch(/tok_ok|passwordHash|argon2|secret/i);
    }
  }
});
