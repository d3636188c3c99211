import { describe, expect, it } from 'vitest';
import { happyPath } from '../order/order.examples.ts';
import { order } from '../order/order.model.ts';
import { checkout, deadlineOf, requestOn, stepDuring } from './checkout.model.ts';

describe('the checkout', () => {
  it('goes on with each answer that the step before waits for', () => {
    const types = happyPath.map(({ type }) => type);
    for (const step of checkout.filter(({ during }) => during !== 'cancelling')) {
      const begun = types.indexOf(step.on as (typeof types)[number]);
      expect(begun, step.on).toBeGreaterThanOrEqual(0);
      expect(
        types.slice(begun + 1).some((type) => step.waitsFor.includes(type)),
        step.on,
      ).toBe(true);
    }
  });
  it('says one thing for each step', () =>
    expect(happyPath.map(({ type }) => requestOn(type)).filter(Boolean)).toEqual([
      'reserveStock',
      'authorisePayment',
      'confirmOrder',
      'capturePayment',
    ]));
  it('knows every status in which an order waits, and a deadline for each', () => {
    for (const { during, waitsFor } of checkout) {
      expect(stepDuring(during)?.during).toBe(during);
      expect(deadlineOf[during]).toMatch(/_DEADLINE_MS$/);
      for (const answer of waitsFor) expect(order.decide).toHaveProperty(`Note${answer}`);
    }
  });
  it('undoes nothing once the goods are on their way', () =>
    expect(stepDuring('dispatched')).toMatchObject({
      late: 'overdue',
      undo: { refused: [], late: [] },
    }));
});
