import { checkout, deadlines, type Step } from '@fieldguide/ordering/checkout/checkout.model';
import { beforeEach, describe, expect, it } from 'vitest';
import { product, QUANTITY, SimulatedShop } from './shop.ts';

type StepName = Step['whileStatus'];

/** The cases that each step is tested in. */
const cases = [
  'reply',
  'rejection',
  'timeout',
  'lateReply',
  'duplicate',
  'cancelledBefore',
  'cancelledAfter',
] as const;
type Case = (typeof cases)[number];

/** The expected end: status, `: ` reason, and `, ` error code of the cancellation. */
const expected: { readonly [Name in StepName]: { readonly [Each in Case]: string } } = {
  placed: {
    reply: 'completed',
    rejection: 'rejected: outOfStock',
    timeout: 'rejected: stockTimeout',
    lateReply: 'rejected: stockTimeout',
    duplicate: 'completed',
    cancelledBefore: 'cancelled',
    cancelledAfter: 'cancelled',
  },
  awaitingPayment: {
    reply: 'completed',
    rejection: 'rejected: paymentDeclined',
    timeout: 'rejected: paymentTimeout',
    lateReply: 'rejected: paymentTimeout',
    duplicate: 'completed',
    cancelledBefore: 'cancelled',
    cancelledAfter: 'cancelled',
  },
  confirmed: {
    reply: 'completed',
    rejection: 'cancelled', // the address was erased
    timeout: 'completed', // overdue and listed for an operator, then completed
    lateReply: 'completed',
    duplicate: 'completed',
    cancelledBefore: 'cancelled',
    cancelledAfter: 'completed, ordering.alreadyDispatched',
  },
  cancelling: {
    reply: 'cancelled',
    rejection: 'completed', // already dispatched
    timeout: 'cancelled',
    lateReply: 'cancelled',
    duplicate: 'cancelled',
    cancelledBefore: 'cancelled',
    cancelledAfter: 'cancelled',
  },
  dispatched: {
    reply: 'completed',
    rejection: 'completed', // the provider is down for two hours
    timeout: 'completed',
    lateReply: 'completed',
    duplicate: 'completed',
    cancelledBefore: 'completed, ordering.alreadyDispatched',
    cancelledAfter: 'completed, ordering.alreadyDispatched',
  },
};

/** The messages of each step: the command (or event) that starts the work, and the reply. */
const messages: { readonly [Name in StepName]: { command: string; reply: string } } = {
  placed: { command: 'ReserveStock', reply: 'StockReserved' },
  awaitingPayment: { command: 'AuthorisePayment', reply: 'PaymentAuthorised' },
  confirmed: { command: 'OrderConfirmed', reply: 'ShipmentDispatched' },
  cancelling: { command: 'CancellationRequested', reply: 'ShipmentCancelled' },
  dispatched: { command: 'CapturePayment', reply: 'PaymentCaptured' },
};
const [second, day] = [1_000, 24 * 3_600_000];
const longest = Math.max(...Object.values(deadlines)) + second;

let shop: SimulatedShop;
let orderId: string;
beforeEach(() => {
  shop = new SimulatedShop();
});

/** Places an order and runs it up to the step, while messages of type `held` are delayed. */
async function reachStep(step: StepName, held: string, token = 'tok_ok'): Promise<void> {
  shop.hold(held);
  orderId = await shop.place('an order', token);
  await shop.runUntilIdle();
  if (step === 'cancelling') await shop.cancel(orderId);
  const leaves = step === 'dispatched' || held === 'ShipmentDispatched';
  if (leaves) await shop.advanceTime(2 * second);
  await shop.runUntilIdle();
  expect((await shop.order(orderId)).status).toBe(step);
}

async function passDeadline(step: StepName): Promise<void> {
  shop.addresses.isDown = step === 'cancelling';
  const late = checkout.find(({ whileStatus }) => whileStatus === step)!.onTimeout === 'overdue';
  await shop.advanceTime(longest);
  expect((await shop.openCheckout(orderId))?.overdueSince instanceof Date).toBe(late);
  shop.addresses.isDown = false;
}

const scenarios: { readonly [Each in Case]: (step: StepName) => Promise<string | undefined> } = {
  async reply(step) {
    await reachStep(step, messages[step].reply);
    await shop.release(messages[step].reply);
    return undefined;
  },
  async rejection(step) {
    const { command, reply } = messages[step];
    if (step === 'placed') shop = new SimulatedShop(1);
    if (step === 'confirmed') shop.addresses.isErased = true;
    if (step === 'dispatched') shop.hold('CapturePayment');
    await reachStep(step, command, step === 'awaitingPayment' ? 'tok_declined' : 'tok_ok');
    if (step === 'cancelling') await shop.advanceTime(2 * second);
    if (step === 'dispatched') shop.provider.isDown = true;
    await shop.release(command);
    if (step === 'dispatched') {
      await shop.advanceTime(2 * deadlines.CAPTURE_DEADLINE_MS);
      expect((await shop.openCheckout(orderId))?.overdueSince).toBeInstanceOf(Date);
      shop.provider.isDown = false;
    }
    expect(shop.isHeld(reply)).toBe(false);
    return undefined;
  },
  async timeout(step) {
    await reachStep(step, messages[step].command);
    await passDeadline(step);
    await shop.release(messages[step].command);
    return undefined;
  },
  async lateReply(step) {
    await reachStep(step, messages[step].reply);
    await passDeadline(step);
    await shop.release(messages[step].reply);
    return undefined;
  },
  async duplicate(step) {
    await reachStep(step, messages[step].reply);
    await shop.release(messages[step].reply, { times: 2, withRetry: true });
    return undefined;
  },
  async cancelledBefore(step) {
    await reachStep(step, messages[step].command);
    const errorCode = await shop.cancel(orderId);
    await shop.runUntilIdle();
    await shop.release(messages[step].command);
    return errorCode;
  },
  async cancelledAfter(step) {
    await reachStep(step, messages[step].reply);
    await shop.release(messages[step].reply);
    return shop.cancel(orderId);
  },
};

async function runToTheEnd(): Promise<void> {
  for (let n = 0; n < 3; n++) await shop.advanceTime(2 * second);
  await shop.advanceTime(day + second); // lost claims expire, and delayed calls are retried
  await shop.advanceTime(day + second);
}

/** Expects money and stock to match the order's end, no open checkout and no dead letter. */
async function expectConsistentEnd(): Promise<void> {
  const { status, total, payment } = await shop.order(orderId);
  const isSold = status === 'completed';
  expect(['completed', 'rejected', 'cancelled']).toContain(status);
  const capturedMinor = isSold ? total.amountMinor : 0;
  expect(shop.money()).toEqual({ capturedMinor, authorisedMinor: 0 });
  expect(payment.status === 'captured').toBe(isSold);
  expect(shop.dispatchedOrders().has(orderId)).toBe(isSold);
  const { onHandUnits, freeUnits } = await shop.stock();
  expect(freeUnits).toBe(onHandUnits);
  if (onHandUnits > 1) expect(onHandUnits).toBe(product.units - (isSold ? QUANTITY : 0));
  expect(await shop.openCheckout(orderId)).toBeUndefined();
  expect(await shop.deadLetters()).toEqual([]);
}

describe.each(checkout.map(({ whileStatus }) => whileStatus))('an order that is %s', (step) => {
  it.each(cases)('ends consistently in the case %s', async (name) => {
    const ending = (expected as Record<string, Record<string, string> | undefined>)[step]?.[name];
    expect(ending, `no expectation for ${step} × ${name}`).toBeDefined();
    const errorCode = await scenarios[name](step);
    await runToTheEnd();
    const { status, statusReason } = await shop.order(orderId);
    const reason = statusReason ? `: ${statusReason}` : '';
    expect(`${status}${reason}${errorCode ? `, ${errorCode}` : ''}`).toBe(ending);
    await expectConsistentEnd();
  });
});

describe('a command that arrives late', () => {
  const compensation = { placed: 'ReleaseStock', awaitingPayment: 'VoidPayment' };
  const service = { placed: 'inventory', awaitingPayment: 'payments' } as const;
  const deadline = {
    placed: deadlines.STOCK_DEADLINE_MS,
    awaitingPayment: deadlines.PAYMENT_DEADLINE_MS,
  };
  const steps = ['placed', 'awaitingPayment'] as const;
  const [margin, tooLate] = [4 * second, 6 * second];
  /** Units reserved, and operations at the provider. */
  const effects = async () => {
    const { onHandUnits, freeUnits } = await shop.stock();
    return [onHandUnits - freeUnits, shop.provider.ledger.length];
  };

  it.each(steps)('has no effect after its time, in the step %s', async (step) => {
    const { command } = messages[step];
    await reachStep(step, command);
    const before = await effects();
    shop.hold(compensation[step]);
    await shop.advanceTime(deadline[step] + tooLate);
    await shop.release(command, { withRetry: true });
    // The stock is released by now: only that of this step could be new.
    expect(await effects()).toEqual(step === 'placed' ? before : [0, 0]);
    await shop.release(compensation[step]);
    await runToTheEnd();
    expect((await shop.order(orderId)).status).toBe('rejected');
    await expectConsistentEnd();
  });
  it.each(steps)(
    'in time is handled by a service whose clock is ahead, in the step %s',
    async (step) => {
      const { command } = messages[step];
      await reachStep(step, command);
      shop.setAhead(service[step], margin);
      await shop.advanceTime(deadline[step] - 1);
      await shop.release(command);
      await runToTheEnd();
      expect((await shop.order(orderId)).status).toBe('completed');
      await expectConsistentEnd();
    },
  );
  it.each(steps)(
    'is compensated when a clock that is behind lets it pass, in the step %s',
    async (step) => {
      const { command } = messages[step];
      await reachStep(step, command);
      shop.hold(compensation[step]);
      shop.setAhead(service[step], -2 * tooLate);
      await shop.advanceTime(deadline[step] + tooLate);
      await shop.release(command);
      expect(await effects()).not.toEqual([0, 0]);
      await shop.release(compensation[step]);
      await runToTheEnd();
      expect((await shop.order(orderId)).status).toBe('rejected');
      await expectConsistentEnd();
    },
  );
  it('again on behalf of an operator has a time of its own', async () => {
    await reachStep('placed', 'ReserveStock');
    await shop.advanceTime(deadlines.STOCK_DEADLINE_MS - 1);
    await shop.retry(orderId);
    await shop.advanceTime(deadlines.STOCK_DEADLINE_MS - 1);
    await shop.release('ReserveStock');
    await runToTheEnd();
    expect((await shop.order(orderId)).status).toBe('completed');
    await expectConsistentEnd();
  });
});

describe('an order', () => {
  it('is rejected at its deadline and its authorisation voided when the provider never responds', async () => {
    orderId = await shop.place('no response', 'tok_timeout');
    await shop.runUntilIdle();
    await shop.advanceTime(deadlines.PAYMENT_DEADLINE_MS);
    expect(await shop.order(orderId)).toMatchObject({ statusReason: 'paymentTimeout' });
    await runToTheEnd();
    await expectConsistentEnd();
  });
  it('is charged once when every response of the provider is lost', async () => {
    shop.provider.losesResponses = true;
    orderId = await shop.place('lost responses');
    await shop.runUntilIdle();
    await runToTheEnd();
    shop.provider.losesResponses = false;
    await runToTheEnd();
    const captures = shop.provider.ledger.filter(({ kind }) => kind === 'capture');
    expect(captures.length).toBeLessThanOrEqual(1);
    await expectConsistentEnd();
  });
});

describe('a checkout', () => {
  it.each(checkout.map(({ whileStatus }) => whileStatus))(
    'ends consistently when the clock jumps an hour ahead while the order is %s',
    async (step) => {
      await reachStep(step, messages[step].reply);
      await shop.advanceTime(3_600_000);
      await shop.release(messages[step].reply);
      await runToTheEnd();
      await expectConsistentEnd();
    },
  );
  it.each(checkout.map(({ whileStatus }) => whileStatus))(
    'ends consistently when the clock jumps an hour back while the order is %s',
    async (step) => {
      await reachStep(step, messages[step].reply);
      await shop.advanceTime(-3_600_000);
      await shop.release(messages[step].reply);
      await runToTheEnd();
      await expectConsistentEnd();
    },
  );
});

describe('a command of a future version', () => {
  const future = (data: object, more: object = {}) => ({
    specversion: '1.0',
    id: '01900000-0000-7000-8000-0000000000ff',
    source: '/ordering',
    type: 'ReserveStock',
    subject: orderId,
    time: '2030-01-01T12:00:00.000Z',
    datacontenttype: 'application/json',
    data,
    correlationid: 'from-the-future',
    ...more,
  });
  const send = (message: object) =>
    shop.deliverText('inventory.requests.v1', orderId, JSON.stringify(message));

  it('is handled when it contains all fields that we read', async () => {
    shop.hold('ReserveStock');
    orderId = await shop.place('an order');
    await shop.runUntilIdle();
    const lines = [{ productId: product.id, quantity: QUANTITY, warehouse: 'north' }];
    await send(future({ orderId, lines, priority: 'high' }));
    await shop.runUntilIdle();
    expect((await shop.order(orderId)).status).toBe('confirmed');
  });
  it.each([
    ['required fields are missing', {}],
    ['its envelope is unknown', { specversion: '2.0' }],
  ])('is parked, and the order ends at its deadline, when %s', async (_, more) => {
    shop.hold('ReserveStock');
    orderId = await shop.place('an order');
    await shop.runUntilIdle();
    await send(future({ orderId, parcels: [] }, more));
    await shop.advanceTime(deadlines.STOCK_DEADLINE_MS);
    expect(await shop.order(orderId)).toMatchObject({ statusReason: 'stockTimeout' });
    expect((await shop.deadLetters())[0]).toMatch(/^inventory: /);
    // The compensation waits behind the parked command, so the checkout is listed for an operator.
    await shop.advanceTime(deadlines.UNDO_DEADLINE_MS);
    const waits = await shop.openCheckout(orderId);
    expect(waits).toMatchObject({ step: 'undoing', overdueSince: shop.clock.now() });
  });
});
