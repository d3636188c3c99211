import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { message } from './outgoing-message.ts';

const Line = z.object({ productId: z.string(), quantity: z.int() });
const StockRefused = {
  topic: 'inventory.reservations.v1',
  senders: ['inventory'],
  type: 'StockRefused',
  data: z.object({ reason: z.enum(['outOfStock', 'released']), lines: z.array(Line) }),
} as const;

describe('a message', () => {
  it('carries the fields of its contract, and no other', () => {
    const line = { productId: 'tent', quantity: 1, unitPrice: 6_900 };
    const data = { reason: 'released' as const, lines: [line], customerEmail: 'ada@example.test' };
    expect(message(StockRefused, 'o1', data)).toEqual({
      topic: StockRefused.topic,
      type: 'StockRefused',
      subject: 'o1',
      data: { reason: 'released', lines: [{ productId: 'tent', quantity: 1 }] },
    });
  });
  it('with a value that the contract does not know is not built', () => {
    const data = { reason: 'soldOut' as never, lines: [] };
    expect(() => message(StockRefused, 'o1', data)).toThrow(/reason/);
  });
  it('does not compile with a wrong or missing field', () => {
    const calls = [
      // @ts-expect-error a value that the contract does not know
      () => message(StockRefused, 'o1', { reason: 'soldOut', lines: [] }),
      // @ts-expect-error a field is missing
      () => message(StockRefused, 'o1', { reason: 'released' }),
    ];
    for (const call of calls) expect(call).toThrow();
  });
});
