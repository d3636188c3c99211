import { select } from '../frame/edit.ts';
import { type Check, type Lab, ok, red } from '../frame/lab.ts';
import type { Shop } from '../frame/shop.ts';

const ACCEPT = 'libs/messaging/src/accept.ts';
const acceptAll = (body: string, above = '') =>
  select(ACCEPT, 'acceptAll').replace(
    `${above}export async function acceptAll(
  uow: UnitOfWork,
  messages: readonly Envelope[],
): Promise<Set<string>> {
  ${body}
}`,
  );
const handle = select(
  'apps/inventory/src/on-order-completed/on-order-completed.ts',
  'OnOrderCompleted.handle',
);
const inMemory = acceptAll(
  `const unseen = messages.map(({ id }) => id).filter((id) => !received.has(id));
  for (const id of unseen) received.add(id);
  return new Set(unseen);`,
  'const received = new Set<string>();\n\n',
);
const countsOnce = `@OnMessage(Completed)
  async handle({ data: { orderId } }: MessageOf<typeof Completed>, uow: UnitOfWork): Promise<void> {
    const reservation = await uow.load(Reservation, orderId);
    if (!reservation) return;
    const units = unitsOf(ship(reservation));
    await uow.save(Reservation, reservation);
    for (const row of await uow.lock(Stock, [...units.keys()])) {
      row.onHandUnits -= units.get(row.productId)!;
      row.reservedUnits -= units.get(row.productId)!;
      await uow.save(Stock, row);
    }
  }`;
const QUANTITY = 2;

/** How many times inventory has handled an OrderCompleted, or those with one outcome. */
const handled = (shop: Shop, outcome?: string) =>
  shop.metric('inventory', 'messaging_process_duration_seconds_count', {
    cloudevents_event_type: 'OrderCompleted',
    ...(outcome && { outcome }),
  });

/** Delivers the last record again, the OrderCompleted of the order before, and waits until inventory has handled it. */
async function deliverAgain(shop: Shop): Promise<void> {
  const before = await handled(shop);
  await shop.redeliver('ordering.orders.v1', 1);
  await shop.last(
    () => handled(shop),
    (count) => count > before,
  );
}

/** A check that the last order's message, delivered again, does not change the stock. */
const stockStays = (
  texts: Omit<Check, 'run'>,
  next: string,
  before: (shop: Shop) => Promise<void> = async () => undefined,
): Check => ({
  ...texts,
  run: async (shop) => {
    await before(shop);
    const { onHandUnits } = await shop.stock();
    await deliverAgain(shop);
    const change = (await shop.stock()).onHandUnits - onHandUnits;
    return change === 0
      ? ok('the stock is unchanged')
      : red(`the stock has changed by ${change} units`, next);
  },
});

/** The lab about the inbox. */
export const lab: Lab = {
  title: 'Twice is once',
  minutes: 25,
  level: 'basic',
  patterns: ['inbox', 'idempotent consumer'],
  proofSeconds: 131,
  apps: ['inventory'],
  damage: [
    acceptAll('return new Set(messages.map(({ id }) => id));'),
    handle.replace(`@OnMessage(Completed)
  async handle({ data: { orderId } }: MessageOf<typeof Completed>, uow: UnitOfWork): Promise<void> {
    const reservation = await uow.load(Reservation, orderId);
    if (!reservation) return;
    const reserved = unitsOf(ship(reservation));
    await uow.save(Reservation, reservation);
    const units = unitsOf(reservation.lines);
    for (const row of await uow.lock(Stock, [...units.keys()])) {
      row.onHandUnits -= units.get(row.productId)!;
      row.reservedUnits -= reserved.get(row.productId) ?? 0;
      await uow.save(Stock, row);
    }
  }`),
  ],
  checks: [
    {
      name: 'one order counts',
      expected: `an order of ${QUANTITY} units takes ${QUANTITY} units from the stock`,
      look: 'GET /stock/ID; npx fieldguide explain ID --env lab',
      run: async (shop) => {
        const before = (await shop.stock()).onHandUnits;
        await shop.ended(await shop.place('tok_ok', QUANTITY));
        const taken = await shop.last(
          async () => before - (await shop.stock()).onHandUnits,
          (units) => units >= QUANTITY,
          5_000,
        );
        return taken === QUANTITY
          ? ok(`${taken} units taken`)
          : red(
              `${taken} units taken`,
              'Inventory drops a message that it has not seen before. An order has several messages: compare the id of the message, not the order.',
            );
      },
    },
    stockStays(
      {
        name: 'delivered twice, counted once',
        expected: 'the OrderCompleted of this order arrives again, and the stock stays',
        look: 'apps/inventory/src/on-order-completed, libs/messaging/src/accept.ts',
      },
      'Where should a repeated message stop? acceptAll returns every message as new.',
    ),
    stockStays(
      {
        name: 'inventory survives a restart',
        expected: 'it arrives again after inventory was killed, and the stock stays',
        look: 'npx fieldguide status --env lab; libs/messaging/src/accept.ts',
      },
      'An instance that starts again has forgotten what it received. Keep the ids where the effect is: in the database, in the same transaction.',
      async (shop) => shop.replaced('inventory', await shop.kill('inventory')),
    ),
    {
      name: 'the repeat is recognised',
      expected:
        'after the restart inventory has handled no OrderCompleted, and counts a "duplicate"',
      look: 'messaging_process_duration_seconds_count at /metrics of inventory',
      run: async (shop) => {
        const [repeats, again] = [await handled(shop, 'duplicate'), await handled(shop, 'handled')];
        const found = `recognised as repeat: ${repeats}, handled again: ${again}`;
        return repeats > 0 && again === 0
          ? ok(found)
          : red(
              found,
              'This handler counts an order once, the next handler may not. Stop a repeat before any handler, in acceptAll.',
            );
      },
    },
  ],
  red: 'delivered twice, counted once',
  hints: [
    'Look at /metrics of inventory (its address: npx fieldguide status --env lab --json) before and after a check: messaging_process_duration_seconds_count of OrderCompleted counts each delivery with its outcome. Both are "handled". Which code decides between "handled" and "duplicate"?',
    'The table inbox has one row for each message: the entity InboxMessage. A row of a known id cannot be inserted twice.',
    'uow.insertNew(InboxMessage, rows) returns the ids that were not in the table. It belongs to the transaction of the handler, so that row and effect commit together.',
  ],
  wrong: [
    {
      name: 'the ids are kept in memory',
      edits: [inMemory],
      red: 'inventory survives a restart',
      help: 'has forgotten what it received',
    },
    {
      name: 'the ids are kept in memory, and the handler counts once',
      edits: [inMemory, handle.replace(countsOnce)],
      red: 'the repeat is recognised',
      help: 'the next handler may not',
    },
    {
      name: 'an order counts as received, not a message',
      edits: [
        acceptAll(`const rows = messages.map(({ subject }) =>
    Object.assign(new InboxMessage(), { messageId: subject }),
  );
  const unseen = new Set(await uow.insertNew(InboxMessage, rows));
  return new Set(messages.filter(({ subject }) => unseen.has(subject)).map(({ id }) => id));`),
      ],
      red: 'one order counts',
      help: 'compare the id of the message',
    },
    {
      name: 'only the handler counts once',
      edits: [handle.replace(countsOnce)],
      red: 'the repeat is recognised',
      help: 'the next handler may not',
    },
  ],
  after: `
An inbox is one table with the ids of the received messages. Its row and the effect of the message commit together: after a crash either both are there or neither is. A repeat finds the row and stops before any handler.

Where it bites in production: a consumer crashes after its commit and before its offset is stored, a rebalance hands a partition over, a producer sends again after a lost acknowledgement. Each delivers a record twice, and none of it shows in a test with one message.

What it costs: one insert for each message, and a table that must keep ids longer than the broker can deliver again (here nine days). Effects outside the database, such as a call to a payment provider, are not covered: they need an idempotency key.

The lab had also damaged the handler: without an inbox its own guard, which ships a reservation once, hides most repeats. Not every handler has such a guard.

When not to use it: when a handler only sets a state that the message carries ("the price is 12"), repeats do no harm, and a comparison of versions is enough.
`,
};
