import { describe, expect, it } from 'vitest';
import { happyPath } from '../order/order.examples.ts';
import { order } from '../order/order.model.ts';
import { checkout, deadlineOf, messageAfter, stepOfStatus } from './checkout.model.ts';

describe('the checkout', () => {
  it('goes on with each answer that the step before waits for', () => {
    const types = happyPath.map(({ type }) => type);
    for (const step of checkout.filter(({ whileStatus }) => whileStatus !== 'cancelling')) {
      const begun = types.indexOf(step.on as (typeof types)[number]);
      expect(begun, step.on).toBeGreaterThanOrEqual(0);
      expect(
        types.slice(begun + 1).some((type) => step.waitsFor.includes(type)),
        step.on,
      ).toBe(true);
    }
  });
  it('says one thing for each step', () =>
    expect(happyPath.map(({ type }) => messageAfter(type)).filter(Boolean)).toEqual([
      'reserveStock',
      'authorisePayment',
      'confirmOrder',
      'capturePayment',
    ]));
  it('knows every status in which an order waits, and a deadline for each', () => {
    for (const { whileStatus, waitsFor } of checkout) {
      expect(stepOfStatus(whileStatus)?.whileStatus).toBe(whileStatus);
      expect(deadlineOf[whileStatus]).toMatch(/_DEADLINE_MS$/);
      for (const reply of waitsFor) expect(order.decide).toHaveProperty(`Record${reply}`);
    }
  });
  it('undoes nothing once the goods are on their way', () =>
    expect(stepOfStatus('dispatched')).toMatchObject({
      onTimeout: 'overdue',
      compensate: { refused: [], timedOut: [] },
    }));
});
