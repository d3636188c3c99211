import { metrics } from '@fieldguide/telemetry';
import { describe, expect, it } from 'vitest';
import { product, QUANTITY, SimulatedShop, services } from './shop.ts';

const SEEDS = Number(process.env.FIELDGUIDE_SEEDS ?? 200);
const STEPS = 40;
const ORDERS = 3;
const messageTypes = [
  'ReserveStock',
  'StockReserved',
  'AuthorisePayment',
  'PaymentAuthorised',
  'PaymentDeclined',
  'OrderConfirmed',
  'CancellationRequested',
  'ShipmentDispatched',
  'ShipmentCancelled',
  'CapturePayment',
  'PaymentCaptured',
  'VoidPayment',
  'PaymentVoided',
  'ReleaseStock',
  'StockReleased',
  'OrderCompleted',
];
const tokens = ['tok_ok', 'tok_ok', 'tok_declined', 'tok_timeout'];
const times = [0, 500, 1_000, 5_000, 31_000, 900_000, 3_600_000];
const clockErrors = [0, 2_000, -2_000, 40_000, -40_000];

/** Returns a pseudo-random pick of items, deterministic for each seed (mulberry32). */
function seededPick(seed: number) {
  let state = seed;
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
  return <Item>(items: readonly Item[]): Item => items[Math.floor(next() * items.length)]!;
}

/** Places three orders and applies forty actions in a sequence that the seed determines. */
async function runSchedule(seed: number): Promise<{ shop: SimulatedShop; orders: string[] }> {
  const pick = seededPick(seed);
  const shop = new SimulatedShop();
  const orders: string[] = [];
  const actions = [
    async () => shop.hold(pick(messageTypes)),
    () =>
      shop.release(pick(messageTypes), { times: pick([1, 1, 2]), withRetry: pick([true, false]) }),
    () => shop.advanceTime(pick(times)),
    () => shop.cancel(pick(orders)),
    async () => {
      shop.provider.isDown = pick([true, false]);
    },
    async () => {
      shop.provider.losesResponses = pick([true, false]);
    },
    async () => shop.setAhead(pick(services), pick(clockErrors)),
    async () => {
      shop.addresses.isDown = pick([true, false]);
    },
  ];
  for (let n = 0; n < ORDERS; n++) orders.push(await shop.place(`order ${n}`, pick(tokens)));
  for (let n = 0; n < STEPS; n++) {
    await pick(actions)();
    await shop.runUntilIdle();
  }
  Object.assign(shop.provider, { isDown: false, losesResponses: false });
  shop.addresses.isDown = false;
  for (const type of messageTypes) await shop.release(type);
  for (let n = 0; n < 4; n++) await shop.advanceTime(24 * 3_600_000 + 1_000);
  return { shop, orders };
}

/** Counts the messages that all consumers have skipped, since the process began. */
async function countExpired(): Promise<number> {
  const { values } = await metrics.messagesHandledSeconds.get();
  return values
    .filter(({ labels, metricName }) => labels.outcome === 'expired' && /_count$/.test(metricName!))
    .reduce((sum, { value }) => sum + value, 0);
}

describe('a schedule of delayed, duplicated and expired messages', () => {
  it(`ends every order with consistent money and stock (${SEEDS} seeds)`, async () => {
    const ends = new Set<string>();
    const expiredBefore = await countExpired();
    for (let seed = 1; seed <= SEEDS; seed++) {
      const { shop, orders } = await runSchedule(seed);
      const all = await Promise.all(orders.map((id) => shop.order(id)));
      const sold = all.filter(({ status }) => status === 'completed');
      const open = await Promise.all(orders.map((id) => shop.openCheckout(id)));
      const units = product.units - sold.length * QUANTITY;
      expect({
        seed,
        ...shop.money(),
        ...(await shop.stock()),
        dispatched: [...shop.dispatchedOrders()].toSorted(),
        open: open.filter((each) => each !== undefined),
        parked: await shop.deadLetters(),
        unfinished: all.filter(({ status }) => !/^(completed|rejected|cancelled)$/.test(status)),
      }).toEqual({
        seed,
        capturedMinor: sold.length * QUANTITY * product.priceMinor,
        authorisedMinor: 0,
        onHandUnits: units,
        freeUnits: units,
        dispatched: sold.map(({ id }) => id).toSorted(),
        open: [],
        parked: [],
        unfinished: [],
      });
      for (const { status, statusReason } of all) ends.add(statusReason ?? status);
    }
    // Schedules with a single outcome, or without expired commands, would prove little.
    expect((await countExpired()) - expiredBefore).toBeGreaterThan(0);
    expect([...ends].toSorted()).toEqual([
      'cancelled',
      'completed',
      'paymentDeclined',
      'paymentTimeout',
      'stockTimeout',
    ]);
  });
});
