import { describe, expect, it } from 'vitest';
import { ApiError, retryAfterOf } from '../api/api-error.ts';
import type { Order } from '../api/reads.ts';
import { NO_LINES, totalOf, unitsIn, withProduct, withQuantity } from './cart.ts';
import { toRequest } from './order-request.ts';
import { nextPending, PendingOrder, refusedAt, sendOrder } from './pending-order.ts';

const id = '01900000-0000-7000-8000-000000000002';
const price = { amountMinor: 32_900, currency: 'EUR' };
const tent = { id, name: 'Ridgeline 2 Tent', category: 'shelter' as const, price };
const one = withProduct(NO_LINES, tent);
const address = {
  name: 'Bo',
  street: '2 Side St',
  city: 'Bern',
  postalCode: '3000',
  country: 'CH',
};

describe('a cart', () => {
  it('has one line for each product', () => {
    const two = withProduct(one, tent);
    expect(two).toMatchObject([{ productId: id, quantity: 2 }]);
    expect(unitsIn(two)).toBe(2);
    expect(totalOf(two)).toEqual({ amountMinor: 65_800, currency: 'EUR' });
  });
  it.each([
    [0, []],
    [-3, []],
    [Number.NaN, []],
    [2.7, [{ quantity: 2 }]],
    [1_000, [{ quantity: 99 }]],
  ])('bounds a quantity of %s', (quantity, lines) =>
    expect(withQuantity(one, id, quantity)).toMatchObject(lines),
  );
  it('has no total in two currencies', () => {
    const other = { ...tent, id: 'other', price: { amountMinor: 1, currency: 'CHF' } };
    expect(totalOf(withProduct(one, other))).toBeUndefined();
    expect(totalOf(NO_LINES)).toBeUndefined();
  });
});

describe('a checkout form', () => {
  it('becomes an order that ordering accepts', () =>
    expect(toRequest(one, { token: 'tok_ok', ...address })).toEqual({
      request: {
        lines: [{ productId: id, quantity: 1 }],
        payment: { token: 'tok_ok' },
        shipTo: address,
      },
    }));
  it('names what is wrong, by field', () =>
    expect(toRequest(one, { token: 'tok_ok', ...address, name: ' ', city: '' })).toEqual({
      errors: { name: 'Enter the name on the door.', city: 'Enter the city.' },
    }));
});

const made = toRequest(one, { token: 'tok_ok', ...address });
if ('errors' in made) throw new Error('the example is wrong');
const { request } = made;
let keys = 0;
const newKey = () => `key-${++keys}`;
const pending = nextPending(null, 'bo', request, newKey);

describe('an order without an answer', () => {
  it('keeps its key while it is the same order of the same customer', () =>
    expect(nextPending(pending, 'bo', structuredClone(request), newKey).key).toBe(pending.key));
  it('gets another key with other lines, and for another customer', () => {
    const lines = [{ productId: id, quantity: 2 }];
    expect(nextPending(pending, 'bo', { ...request, lines }, newKey).key).not.toBe(pending.key);
    expect(nextPending(pending, 'cy', request, newKey).key).not.toBe(pending.key);
  });

  const problem = (status: number) =>
    new ApiError({ type: '/problems/some', status, title: 'Why.' });
  it.each([
    ['no connection', new TypeError('failed to fetch'), 'unknown'],
    ['a timeout', new DOMException('', 'TimeoutError'), 'unknown'],
    ['a garbled answer', new SyntaxError('Unexpected token'), 'unknown'],
    ['503', problem(503), 'unknown'],
    ['500', problem(500), 'unknown'],
    ['429', problem(429), 'unknown'],
    ['401', problem(401), 'signedOut'],
    ['422', problem(422), 'refused'],
    ['400', problem(400), 'refused'],
  ])('after %s is known to be so', async (_, error, outcome) =>
    expect(await sendOrder(pending, () => Promise.reject(error))).toMatchObject({ outcome }),
  );
  it('is kept with its key while the shop is busy, and knows when to be sent again', async () => {
    const type = '/problems/ordering.checkoutOverloaded';
    const busy = (seconds?: number) => new ApiError({ type, status: 503, title: 'Why.' }, seconds);
    const sent = await sendOrder(pending, () => Promise.reject(busy(7)));
    expect(sent).toEqual({ outcome: 'busy', retryAfterSeconds: 7 });
    expect(await sendOrder(pending, () => Promise.reject(busy()))).toMatchObject({
      outcome: 'busy',
      retryAfterSeconds: 10,
    });
    const twice = refusedAt(refusedAt(pending, 7, 1_000), 5, 9_000);
    expect(PendingOrder.parse(twice)).toEqual({
      ...pending,
      busy: { retryAfterSeconds: 5, retryAtMs: 14_000, times: 2 },
    });
  });
  it.each([
    ['7', 7],
    ['Wed, 21 Oct 2026 07:28:00 GMT', undefined],
    ['-1', undefined],
    [undefined, undefined],
  ])('reads the header retry-after: %s', (text, seconds) => {
    const headers = new Headers(text === undefined ? {} : { 'retry-after': text });
    expect(retryAfterOf({ headers })).toBe(seconds);
  });
  it('is sent with its key', async () => {
    const sent: string[] = [];
    const place = async (_: unknown, key: string) => {
      sent.push(key);
      return {} as Order;
    };
    expect(await sendOrder(pending, place)).toEqual({ outcome: 'placed', order: {} });
    expect(sent).toEqual([pending.key]);
  });
});
