import 'reflect-metadata';
import { ManualClock } from '@fieldguide/clock/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { deadlines } from '../checkout/checkout.model.ts';
import { Admission } from './admission.ts';

const orderId = '80000000-0000-8000-8000-000000000000';
const overloaded = { code: 'ordering.checkoutOverloaded', status: 503 };
const idle = { seconds: 1, waiting: 0, placed: 0, placedHere: 0, answered: 0 };
const config = { ...deadlines, CHECKOUT_WAIT_SHARE_MAX: 0.5, CHECKOUTS_WAITING_MIN: 2 };
let clock: ManualClock;
let admission: Admission;
beforeEach(() => {
  clock = new ManualClock();
  admission = new Admission(config as never, clock);
});
const admit = () => admission.admit(orderId, async () => 'placed');

/** What a worker does with an idle checkout. */
function sample(seen: Partial<typeof idle> = {}): void {
  const placedHere = admission.startSample();
  admission.apply({ ...idle, placedHere, ...seen });
}

describe('admission', () => {
  it('admits every order before the first sample', async () => {
    for (let n = 0; n < 10; n++) expect(await admit()).toBe('placed');
  });

  it('refuses orders beyond the room of the last sample, with the time to try again', async () => {
    sample({ waiting: 15, answered: 1 });
    // At one a second, 15 are more than half of the shortest deadline of 30 s allows; the id is in the middle.
    await admit().catch(() => undefined);
    sample({ waiting: 16, answered: 1 });
    const refused = await admit().catch((error: unknown) => error);
    expect(refused).toMatchObject({ ...overloaded, retryAfterSeconds: 16 });
  });

  it('has the same room again after the next sample', async () => {
    for (let round = 0; round < 3; round++) {
      sample();
      await admit();
      await admit();
      await expect(admit()).rejects.toMatchObject(overloaded);
    }
  });

  it('counts an order that is still being placed in the next sample too, and one that has failed not', async () => {
    sample();
    const failed = admission.admit(orderId, () => Promise.reject(new Error('no price')));
    await expect(failed).rejects.toThrow('no price');
    const stored = Promise.withResolvers<void>();
    const placing = admission.admit(orderId, () => stored.promise);
    sample();
    await admit();
    await expect(admit()).rejects.toMatchObject(overloaded);
    stored.resolve();
    await placing;
    expect(admission.startSample()).toBe(2);
  });

  it('applies a change of a deadline or a bound to the next sample', async () => {
    const live = { ...config };
    admission = new Admission(live as never, clock);
    sample({ waiting: 100, answered: 10 });
    await admit();
    live.STOCK_DEADLINE_MS = 10_000;
    sample({ waiting: 100, answered: 10 });
    await expect(admit()).rejects.toMatchObject(overloaded);
  });

  it('does not decide by a sample that is older than ten seconds', async () => {
    sample({ waiting: 100 });
    clock.advance(9_999);
    await expect(admit()).rejects.toMatchObject(overloaded);
    clock.advance(1);
    await admit();
  });
});
