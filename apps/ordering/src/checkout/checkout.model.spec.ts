import { describe, expect, it } from 'vitest';
import { happyPath } from '../order/order.examples.ts';
import { order } from '../order/order.model.ts';
import { checkout, deadlineOf, messageAfter, stepOfStatus } from './checkout.model.ts';

describe('the checkout', () => {
  it('continues with each reply that the previous step waits for', () => {
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
  it('sends one message per step', () =>
    expect(happyPath.map(({ type }) => messageAfter(type)).filter(Boolean)).toEqual([
      'reserveStock',
      'authorisePayment',
      'confirmOrder',
      'capturePayment',
    ]));
  it('has a deadline for every status in which an order waits', () => {
    for (const { whileStatus, waitsFor } of checkout) {
      expect(stepOfStatus(whileStatus)?.whileStatus).toBe(whileStatus);
      expect(deadlineOf[whileStatus]).toMatch(/_DEADLINE_MS$/);
      for (const reply of waitsFor) expect(order.decide).toHaveProperty(`Record${reply}`);
    }
  });
  it('compensates nothing once the goods are dispatched', () =>
    expect(stepOfStatus('dispatched')).toMatchObject({
      onTimeout: 'overdue',
      compensate: { refused: [], timedOut: [] },
    }));
});
