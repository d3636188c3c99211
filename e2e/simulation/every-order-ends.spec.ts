import { beforeEach, describe, expect, it } from 'vitest';
import { checkout, deadlines, type Step } from '../../apps/ordering/src/checkout/checkout.model.ts';
import { product, QUANTITY, SimulatedShop } from './shop.ts';

type StepName = Step['whileStatus'];

/** What can happen to each step. */
const cases = [
  'answer',
  'refusal',
  'timeout',
  'lateAnswer',
  'duplicate',
  'cancelledBefore',
  'cancelledAfter',
] as const;
type Case = (typeof cases)[number];

/** How it must end: status, and the reason or the refusal of the cancellation after a colon. */
const expected: { readonly [Name in StepName]: { readonly [Each in Case]: string } } = {
  placed: {
    answer: 'completed',
    refusal: 'rejected: outOfStock',
    timeout: 'rejected: stockTimeout',
    lateAnswer: 'rejected: stockTimeout',
    duplicate: 'completed',
    cancelledBefore: 'cancelled',
    cancelledAfter: 'cancelled',
  },
  awaitingPayment: {
    answer: 'completed',
    refusal: 'rejected: paymentDeclined',
    timeout: 'rejected: paymentTimeout',
    lateAnswer: 'rejected: paymentTimeout',
    duplicate: 'completed',
    cancelledBefore: 'cancelled',
    cancelledAfter: 'cancelled',
  },
  confirmed: {
    answer: 'completed',
    refusal: 'cancelled', // the address was erased
    timeout: 'completed', // listed for a person, and then it comes after all
    lateAnswer: 'completed',
    duplicate: 'completed',
    cancelledBefore: 'cancelled',
    cancelledAfter: 'completed, ordering.alreadyDispatched',
  },
  cancelling: {
    answer: 'cancelled',
    refusal: 'completed', // the goods had left already
    timeout: 'cancelled',
    lateAnswer: 'cancelled',
    duplicate: 'cancelled',
    cancelledBefore: 'cancelled',
    cancelledAfter: 'cancelled',
  },
  dispatched: {
    answer: 'completed',
    refusal: 'completed', // the provider would not for two hours
    timeout: 'completed',
    lateAnswer: 'completed',
    duplicate: 'completed',
    cancelledBefore: 'completed, ordering.alreadyDispatched',
    cancelledAfter: 'completed, ordering.alreadyDispatched',
  },
};

/** The messages of each step: the request on the wire, and the answer. */
const wire: { readonly [Name in StepName]: { request: string; answer: string } } = {
  placed: { request: 'ReserveStock', answer: 'StockReserved' },
  awaitingPayment: { request: 'AuthorisePayment', answer: 'PaymentAuthorised' },
  confirmed: { request: 'OrderConfirmed', answer: 'ShipmentDispatched' },
  cancelling: { request: 'CancellationRequested', answer: 'ShipmentCancelled' },
  dispatched: { request: 'CapturePayment', answer: 'PaymentCaptured' },
};
const [second, day] = [1_000, 24 * 3_600_000];
const longest = Math.max(...Object.values(deadlines)) + second;

let shop: SimulatedShop;
let orderId: string;
beforeEach(() => {
  shop = new SimulatedShop();
});

/** Places an order and goes on until the step is waited for; what is `held` does not come through. */
async function reach(step: StepName, held: string, token = 'tok_ok'): Promise<void> {
  shop.hold(held);
  orderId = await shop.place('an order', token);
  await shop.settle();
  if (step === 'cancelling') await shop.cancel(orderId);
  const leaves = step === 'dispatched' || held === 'ShipmentDispatched';
  if (leaves) await shop.pass(2 * second);
  await shop.settle();
  expect((await shop.order(orderId)).status).toBe(step);
}

async function untilLate(step: StepName): Promise<void> {
  shop.addresses.isAway = step === 'cancelling';
  const late = checkout.find(({ whileStatus }) => whileStatus === step)!.onTimeout === 'overdue';
  await shop.pass(longest);
  expect((await shop.openCheckout(orderId))?.overdueSince instanceof Date).toBe(late);
  shop.addresses.isAway = false;
}

const play: { readonly [Each in Case]: (step: StepName) => Promise<string | undefined> } = {
  async answer(step) {
    await reach(step, wire[step].answer);
    await shop.letGo(wire[step].answer);
    return undefined;
  },
  async refusal(step) {
    const { request, answer } = wire[step];
    if (step === 'placed') shop = new SimulatedShop(1);
    if (step === 'confirmed') shop.addresses.isErased = true;
    if (step === 'dispatched') shop.hold('CapturePayment');
    await reach(step, request, step === 'awaitingPayment' ? 'tok_declined' : 'tok_ok');
    if (step === 'cancelling') await shop.pass(2 * second);
    if (step === 'dispatched') shop.provider.isAway = true;
    await shop.letGo(request);
    if (step === 'dispatched') {
      await shop.pass(2 * deadlines.CAPTURE_DEADLINE_MS);
      expect((await shop.openCheckout(orderId))?.overdueSince).toBeInstanceOf(Date);
      shop.provider.isAway = false;
    }
    expect(shop.isHeld(answer)).toBe(false);
    return undefined;
  },
  async timeout(step) {
    await reach(step, wire[step].request);
    await untilLate(step);
    await shop.letGo(wire[step].request);
    return undefined;
  },
  async lateAnswer(step) {
    await reach(step, wire[step].answer);
    await untilLate(step);
    await shop.letGo(wire[step].answer);
    return undefined;
  },
  async duplicate(step) {
    await reach(step, wire[step].answer);
    await shop.letGo(wire[step].answer, { times: 2, andRetried: true });
    return undefined;
  },
  async cancelledBefore(step) {
    await reach(step, wire[step].request);
    const refused = await shop.cancel(orderId);
    await shop.settle();
    await shop.letGo(wire[step].request);
    return refused;
  },
  async cancelledAfter(step) {
    await reach(step, wire[step].answer);
    await shop.letGo(wire[step].answer);
    return shop.cancel(orderId);
  },
};

async function runToTheEnd(): Promise<void> {
  for (let n = 0; n < 3; n++) await shop.pass(2 * second);
  await shop.pass(day + second); // claims that were lost come up again, calls that were put off are made
  await shop.pass(day + second);
}

/** Money and stock are where the order's end says they are, nobody waits for anything, and nothing was parked. */
async function expectAllInOrder(): Promise<void> {
  const { status, total, payment } = await shop.order(orderId);
  const isSold = status === 'completed';
  expect(['completed', 'rejected', 'cancelled']).toContain(status);
  const capturedMinor = isSold ? total.amountMinor : 0;
  expect(shop.money()).toEqual({ capturedMinor, promisedMinor: 0 });
  expect(payment.status === 'captured').toBe(isSold);
  expect(shop.left().has(orderId)).toBe(isSold);
  const { onHandUnits, freeUnits } = await shop.stock();
  expect(freeUnits).toBe(onHandUnits);
  if (onHandUnits > 1) expect(onHandUnits).toBe(product.units - (isSold ? QUANTITY : 0));
  expect(await shop.openCheckout(orderId)).toBeUndefined();
  expect(await shop.deadLetters()).toEqual([]);
}

describe.each(checkout.map(({ whileStatus }) => whileStatus))('an order that is %s', (step) => {
  it.each(cases)('ends as it should: %s', async (name) => {
    const ending = (expected as Record<string, Record<string, string> | undefined>)[step]?.[name];
    expect(ending, `no expectation for ${step} × ${name}`).toBeDefined();
    const refused = await play[name](step);
    await runToTheEnd();
    const { status, statusReason } = await shop.order(orderId);
    const reason = statusReason ? `: ${statusReason}` : '';
    expect(`${status}${reason}${refused ? `, ${refused}` : ''}`).toBe(ending);
    await expectAllInOrder();
  });
});

describe('an order whose provider', () => {
  it('never answers is rejected by its deadline, and no money stays promised', async () => {
    orderId = await shop.place('silence', 'tok_timeout');
    await shop.settle();
    await shop.pass(deadlines.PAYMENT_DEADLINE_MS);
    expect(await shop.order(orderId)).toMatchObject({ statusReason: 'paymentTimeout' });
    await runToTheEnd();
    await expectAllInOrder();
  });
  it('loses every answer is charged once', async () => {
    shop.provider.losesAnswers = true;
    orderId = await shop.place('lost answers');
    await shop.settle();
    await runToTheEnd();
    shop.provider.losesAnswers = false;
    await runToTheEnd();
    const captures = shop.provider.ledger.filter(({ kind }) => kind === 'capture');
    expect(captures.length).toBeLessThanOrEqual(1);
    await expectAllInOrder();
  });
});

describe('a clock that jumps', () => {
  it.each(checkout.map(({ whileStatus }) => whileStatus))(
    'an hour ahead while an order is %s',
    async (step) => {
      await reach(step, wire[step].answer);
      await shop.pass(3_600_000);
      await shop.letGo(wire[step].answer);
      await runToTheEnd();
      await expectAllInOrder();
    },
  );
  it.each(checkout.map(({ whileStatus }) => whileStatus))(
    'an hour back while an order is %s',
    async (step) => {
      await reach(step, wire[step].answer);
      await shop.pass(-3_600_000);
      await shop.letGo(wire[step].answer);
      await runToTheEnd();
      await expectAllInOrder();
    },
  );
});

describe('a request of a future version', () => {
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

  it('that still says what we read is handled', async () => {
    shop.hold('ReserveStock');
    orderId = await shop.place('an order');
    await shop.settle();
    const lines = [{ productId: product.id, quantity: QUANTITY, warehouse: 'north' }];
    await send(future({ orderId, lines, priority: 'high' }));
    await shop.settle();
    expect((await shop.order(orderId)).status).toBe('confirmed');
  });
  it.each([
    ['without what we read', {}],
    ['in an envelope that we cannot read', { specversion: '2.0' }],
  ])('%s is parked, and the order ends by its deadline', async (_, more) => {
    shop.hold('ReserveStock');
    orderId = await shop.place('an order');
    await shop.settle();
    await send(future({ orderId, parcels: [] }, more));
    await shop.pass(deadlines.STOCK_DEADLINE_MS);
    expect(await shop.order(orderId)).toMatchObject({ statusReason: 'stockTimeout' });
    expect((await shop.deadLetters())[0]).toMatch(/^inventory: /);
    // What is to be undone waits behind the parked one, and that is listed for a person.
    await shop.pass(deadlines.UNDO_DEADLINE_MS);
    const waits = await shop.openCheckout(orderId);
    expect(waits).toMatchObject({ step: 'undoing', overdueSince: shop.clock.now() });
  });
});
