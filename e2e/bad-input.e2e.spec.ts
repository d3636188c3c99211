import { beforeAll, describe, expect, inject, it } from 'vitest';
import {
  type BadRequest,
  encodeCursor,
  signIn,
  unexpectedResponses,
  withValueAt,
} from './bad-input.ts';
import { instances } from './running-platform.ts';
import { operatorToken, orderOf, place, product, send } from './shop.ts';

let tokens: Awaited<ReturnType<typeof signIn>>;
beforeAll(async () => {
  tokens = await signIn();
});

const order = orderOf('tok_ok', product.plenty);
const price = { amountMinor: 100, currency: 'EUR' };
const added = { sku: 'BAD-1', name: 'Bad', description: 'Bad', category: 'sleep', price };
const registration = { email: 'bad@fieldguide.test', password: 'long enough', name: 'Bo' };
const byPassword = { grantType: 'password', email: registration.email, password: 'long enough' };
const byRefresh = { grantType: 'refreshToken', refreshToken: 'x' };
const secret = { clientId: 'operator', clientSecret: 'x', scope: 'operations' };
const byClient = { grantType: 'clientCredentials', ...secret };
const ofProduct = `/products/${product.plenty}`;
const replenishments = `/stock/${product.plenty}/replenishments`;
const address = Object.keys(order.shipTo).map((each) => `shipTo/${each}`);

/** A valid request for each route with text in its body, and the text fields. */
const bodies = [
  ['POST', '/auth/registrations', undefined, registration, ['email', 'password', 'name']],
  ['POST', '/auth/tokens', undefined, byPassword, ['email', 'password']],
  ['POST', '/auth/tokens', undefined, byRefresh, ['refreshToken']],
  ['POST', '/auth/tokens', undefined, byClient, Object.keys(secret)],
  ['POST', '/products', 'operator', added, ['sku', 'name', 'description', 'price/currency']],
  ['PATCH', ofProduct, 'operator', { name: 'Bad', price }, ['name', 'price/currency']],
  ['POST', '/orders', 'customer', order, ['payment/token', 'lines/0/productId', ...address]],
] as const;

describe('a request with invalid input', () => {
  it('is rejected with a pointer to a text field with invalid characters', async () => {
    const texts = { NUL: 'a\u0000b', 'a high surrogate': 'a\ud83db', 'a low one': 'a\ude00b' };
    const rows = bodies.flatMap(([method, path, as, body, fields]) =>
      fields.flatMap((field) =>
        Object.entries(texts).map(([what, text]): BadRequest => {
          const bad = withValueAt(body, field, text);
          return { what, method, path, ...(as && { as }), body: bad, pointer: `/${field}` };
        }),
      ),
    );
    expect(await unexpectedResponses(rows)).toEqual([]);
  });

  it('is rejected with a pointer to an invalid id in the path', async () => {
    const dashes = '-'.repeat(36);
    const ids = ['%00', `${product.plenty}%00`, dashes, 'x', 'a'.repeat(90), '%F0%9F%8E%92'];
    const byId = (id: string): BadRequest[] =>
      [
        { method: 'GET', path: `/products/${id}` },
        { method: 'PATCH', path: `/products/${id}`, as: 'operator', body: {} },
        { method: 'GET', path: `/orders/${id}`, as: 'customer' },
        { method: 'GET', path: `/orders/${id}/timeline`, as: 'customer' },
        { method: 'POST', path: `/orders/${id}/cancellation`, as: 'customer' },
        { method: 'GET', path: `/stock/${id}`, pointer: '/productId' },
        {
          method: 'POST',
          path: `/stock/${id}/replenishments`,
          as: 'operator',
          body: { units: 1 },
          pointer: '/productId',
        },
      ].map((row) => ({ what: 'id', pointer: '/id', ...row }) as BadRequest);
    const rows = ids.flatMap(byId);
    const undecodable = ['%ff', '%f', '%']
      .flatMap(byId)
      .map(({ pointer: _, ...row }): BadRequest => row);
    expect(await unexpectedResponses([...rows, ...undecodable])).toEqual([]);
  });

  it('is rejected for an invalid query', async () => {
    const day = '2030-01-01T00:00:00.000Z';
    const cursors = [
      '-'.repeat(36),
      `2030-02-31T00:00:00.000Z ${product.plenty}`,
      `0000-01-01 ${product.plenty}`,
      `Sat, 1 Jan ${product.plenty}`,
      `${day} ${'-'.repeat(36)}`,
      `${day} ${product.plenty}\u0000`,
      `${day} ${product.plenty} ${product.plenty}`,
    ];
    const limits = [
      '1e9',
      '1e400',
      '-1',
      '0',
      '',
      '1.5',
      'NaN',
      '%00',
      '1&limit=2',
      '9'.repeat(400),
    ];
    const queries = [
      ...cursors.map((each) => `cursor=${encodeCursor(each)}`),
      ...['%00', '', '%ff', 'x&cursor=y', 'x'.repeat(201)].map((each) => `cursor=${each}`),
      ...limits.map((each) => `limit=${each}`),
      'limit[]=1',
      'unknown=1',
    ];
    const ofProducts = ['query=%00', 'query=a%00b', 'query=a&query=b', 'category=%00'];
    const rows: BadRequest[] = [...queries, ...ofProducts].map((query) => {
      return { what: 'query', method: 'GET', path: `/products?${query}` };
    });
    const ofOrders = queries.map((query): BadRequest => {
      return { what: 'query', method: 'GET', path: `/orders?${query}`, as: 'customer' };
    });
    expect(await unexpectedResponses([...rows, ...ofOrders])).toEqual([]);
  });

  it('is rejected for an invalid number', async () => {
    const numbers = ['1e400', '-1', '1.5', '9007199254740993', '1e300', '"1"', 'null', '[1]'];
    const places = [
      ['POST', '/products', 'operator', { ...added, price: { ...price, amountMinor: 'N' } }],
      ['PATCH', ofProduct, 'operator', { price: { ...price, amountMinor: 'N' } }],
      ['POST', replenishments, 'operator', { units: 'N' }],
      ['POST', '/orders', 'customer', withValueAt(order, 'lines/0/quantity', 'N')],
    ] as const;
    const rows = places.flatMap(([method, path, as, body]) =>
      numbers.map((what) => {
        return { what, method, path, as, body: JSON.stringify(body).replace('"N"', what) };
      }),
    );
    expect(await unexpectedResponses(rows)).toEqual([]);
  });

  it('is rejected for a body of the wrong shape', async () => {
    const deep = '['.repeat(10_000) + ']'.repeat(10_000);
    const texts = {
      empty: '',
      truncated: '{"lines":',
      array: '[]',
      null: 'null',
      text: '"text"',
      'a deep array': deep,
      'a deep field': `{"name":${deep},"units":${deep},"lines":${deep}}`,
      'a prototype': '{"__proto__":{"isAdmin":true}}',
      'a constructor': '{"constructor":{"prototype":{"isAdmin":true}}}',
    };
    const rows = bodies.flatMap(([method, path, as]) =>
      Object.entries(texts).map(([what, body]): BadRequest => {
        return { what, method, path, ...(as && { as }), body };
      }),
    );
    expect(await unexpectedResponses(rows)).toEqual([]);
  });

  it('is rejected for an invalid token', async () => {
    const [header] = tokens.customer.split('.');
    const bearers = [
      `${header}.${encodeCursor('not JSON')}.${encodeCursor('x'.repeat(64))}`,
      `${header}.${encodeCursor('"text"')}.${encodeCursor('x'.repeat(64))}`,
      `${header}.${encodeCursor('null')}.${encodeCursor('x'.repeat(64))}`,
      `${encodeCursor('not JSON')}.${encodeCursor('{}')}.${encodeCursor('x')}`,
      `${encodeCursor('null')}.${encodeCursor('{}')}.${encodeCursor('x')}`,
      `${encodeCursor('{"alg":"ES256","typ":"JWT","kid":{}}')}.${encodeCursor('{}')}.${encodeCursor('x')}`,
      '..',
      '\u00ff\u00fe',
    ];
    const refreshTokens = ['-'.repeat(36), `${'-'.repeat(36)}.x`, product.plenty, '.', '\n'];
    const seen = ['', '\u00ff', `order-${'-'.repeat(36)}@1`, `order-${product.plenty}`];
    const rows: BadRequest[] = [
      ...bearers.map((each) => {
        const headers = { authorization: `Bearer ${each}` };
        return { what: 'bearer', method: 'GET', path: '/orders', headers };
      }),
      ...refreshTokens.map((refreshToken) => {
        const body = { ...byRefresh, refreshToken };
        return { what: 'refresh', method: 'POST', path: '/auth/tokens', body };
      }),
      ...[...seen, `order-${product.plenty}@${'9'.repeat(20)}`].map((each): BadRequest => {
        const headers = { 'consistency-token': each };
        return { what: each, method: 'GET', path: '/orders', as: 'customer', headers };
      }),
    ];
    expect(await unexpectedResponses(rows)).toEqual([]);
  });

  it('is rejected for an invalid header', async () => {
    const keys = ['', 'short', 'a b c d e f g h', '\u00e9'.repeat(10), 'x'.repeat(201)];
    const versions = ['', '1', '"x"', '"-1"', '"99999999999999999999"', 'W/"1"'];
    const withKey = [
      { path: '/orders', as: 'customer' as const, body: order },
      { path: replenishments, as: 'operator' as const, body: { units: 1 } },
    ];
    const rows = [
      ...keys.flatMap((what): BadRequest[] => {
        const headers = { 'idempotency-key': what };
        return withKey.map((row) => ({ what, method: 'POST', headers, ...row }));
      }),
      ...versions.map((what): BadRequest => {
        const headers = { 'if-match': what };
        return { what, method: 'PATCH', path: ofProduct, as: 'operator', body: {}, headers };
      }),
    ];
    expect(await unexpectedResponses(rows)).toEqual([]);
  });

  it('is rejected on routes that only the port of a service exposes', async () => {
    const { url: origin } = (await instances('ordering'))[0]!;
    const of = (route: string): BadRequest => {
      const [method = '', path = ''] = route.split(' ');
      return { what: 'ordering', method, path, as: 'operator', origin };
    };
    const rows = ['%00', '-'.repeat(36), 'x'].flatMap((id) => [
      of(`POST /checkouts/${id}/retries`),
      of(`POST /checkouts/${id}/abandonment`),
      of(`POST /checkouts/${id}/deadline`),
      of(`POST /log/projections/${id}/pause`),
      of(`GET /log/orders/${id}`),
      of(`GET /log/feed?after=${id}`),
      of(`GET /log/feed?limit=${id}`),
      of(`GET /checkouts?stuck=${id}`),
      of(`GET /delivery-addresses?orderIds=${id}`),
    ]);
    expect(await unexpectedResponses(rows)).toEqual([]);
  });
});

describe('a request with unusual input', () => {
  it('finds an order by its id in capitals', async () => {
    const placed = await place(tokens.customer, 'in-capitals', order);
    const path = `/orders/${placed.body.id.toUpperCase()}`;
    const { body } = await send('GET', `${path}/timeline`, { token: tokens.customer });
    expect(body.items[0]).toMatchObject({ type: 'OrderPlaced' });
  });
  it('is accepted when a query parameter is named like a prototype property', async () => {
    for (const name of ['__proto__', 'constructor'])
      expect((await send('GET', `/products?${name}=1`)).status).toBe(200);
  });
});

describe('a token without the scope', () => {
  it('cannot read orders', async () => {
    const { operatorSecret: clientSecret } = inject('shop');
    const body = { ...byClient, clientSecret, scope: 'catalog:write' };
    const { accessToken: token } = (await send('POST', '/auth/tokens', { body })).body;
    const id = product.plenty;
    for (const path of ['/orders', `/orders/${id}`, `/orders/${id}/timeline`]) {
      const response = await send('GET', path, { token });
      expect(response).toMatchObject({ status: 403, body: { type: '/problems/notAllowed' } });
    }
    const all = await send('GET', '/orders', { token: await operatorToken() });
    expect(all.status).toBe(200);
  });
});
