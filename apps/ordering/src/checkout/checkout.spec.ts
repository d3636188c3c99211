import { describe, expect, it } from 'vitest';
import { happyPath } from '../order/order.examples.ts';
import { checkout, requestOn, undoAt } from './checkout.ts';

describe('the checkout', () => {
  it('goes on with each answer that the step before waits for', () => {
    const types = happyPath.map(({ type }) => type);
    for (const step of checkout) {
      const begun = types.indexOf(step.on as (typeof types)[number]);
      expect(begun, step.on).toBeGreaterThanOrEqual(0);
      expect(
        types.slice(begun + 1).some((type) => step.waitsFor.includes(type)),
        step.on,
      ).toBe(true);
    }
  });
  it('sends one request for each step that needs one', () =>
    expect(happyPath.map(({ type }) => requestOn(type)).filter(Boolean)).toEqual([
      'reserveStock',
      'authorisePayment',
      'capturePayment',
    ]));
  it('undoes nothing once the goods may be on their way', () =>
    expect(() => undoAt('dispatched', 'paymentDeclined')).toThrow(/nothing can be undone/));
});
