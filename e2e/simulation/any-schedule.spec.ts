import { describe, expect, it } from 'vitest';
import { product, QUANTITY, SimulatedShop } from './shop.ts';

const SEEDS = Number(process.env.FIELDGUIDE_SEEDS ?? 200);
const STEPS = 40;
const ORDERS = 3;
const wire = [
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

/** Numbers that look random and are the same for the same seed (mulberry32). */
function chance(seed: number) {
  let state = seed;
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
  return <Item>(items: readonly Item[]): Item => items[Math.floor(next() * items.length)]!;
}

/** Three orders, and forty things that happen to them in an order that the seed decides. */
async function live(seed: number): Promise<{ shop: SimulatedShop; orders: string[] }> {
  const pick = chance(seed);
  const shop = new SimulatedShop();
  const orders: string[] = [];
  const happenings = [
    async () => shop.hold(pick(wire)),
    () => shop.letGo(pick(wire), { times: pick([1, 1, 2]), andRetried: pick([true, false]) }),
    () => shop.pass(pick(times)),
    () => shop.cancel(pick(orders)),
    async () => {
      shop.provider.isAway = pick([true, false]);
    },
    async () => {
      shop.provider.losesAnswers = pick([true, false]);
    },
    async () => {
      shop.addresses.isAway = pick([true, false]);
    },
  ];
  for (let n = 0; n < ORDERS; n++) orders.push(await shop.place(`order ${n}`, pick(tokens)));
  for (let n = 0; n < STEPS; n++) {
    await pick(happenings)();
    await shop.settle();
  }
  Object.assign(shop.provider, { isAway: false, losesAnswers: false });
  shop.addresses.isAway = false;
  for (const type of wire) await shop.letGo(type);
  for (let n = 0; n < 4; n++) await shop.pass(24 * 3_600_000 + 1_000);
  return { shop, orders };
}

describe('whatever comes late, twice or never', () => {
  it(`every order ends, with money and stock right (${SEEDS} seeds)`, async () => {
    const ends = new Set<string>();
    for (let seed = 1; seed <= SEEDS; seed++) {
      const { shop, orders } = await live(seed);
      const all = await Promise.all(orders.map((id) => shop.order(id)));
      const sold = all.filter(({ status }) => status === 'completed');
      const open = await Promise.all(orders.map((id) => shop.openCheckout(id)));
      const units = product.units - sold.length * QUANTITY;
      expect({
        seed,
        ...shop.money(),
        ...(await shop.stock()),
        left: [...shop.left()].toSorted(),
        open: open.filter((each) => each !== undefined),
        parked: await shop.deadLetters(),
        unended: all.filter(({ status }) => !/^(completed|rejected|cancelled)$/.test(status)),
      }).toEqual({
        seed,
        capturedMinor: sold.length * QUANTITY * product.priceMinor,
        promisedMinor: 0,
        onHandUnits: units,
        freeUnits: units,
        left: sold.map(({ id }) => id).toSorted(),
        open: [],
        parked: [],
        unended: [],
      });
      for (const { status, statusReason } of all) ends.add(statusReason ?? status);
    }
    // A schedule that always ends the same way would prove little.
    expect([...ends].toSorted()).toEqual([
      'cancelled',
      'completed',
      'paymentDeclined',
      'paymentTimeout',
      'stockTimeout',
    ]);
  });
});
