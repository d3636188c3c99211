import { type Check, ok, red } from './lab.ts';
import type { Shop } from './shop.ts';

const capturedOf = async (shop: Shop) =>
  (await shop.ledger())
    .filter(({ kind, outcome }) => kind === 'capture' && outcome === 'approved')
    .reduce((sum, { amount }) => sum + amount.amountMinor, 0);

/** Checks of every lab, so that removing code repairs nothing. They run after those of the lab. */
export const guards: readonly Check[] = [
  {
    name: 'an order completes',
    expected: 'an order with tok_ok is completed, and its total is captured once',
    look: 'npx fieldguide explain ID --env lab; payment ledger',
    run: async (shop) => {
      await shop.idle();
      const before = await capturedOf(shop);
      const order = await shop.ended(await shop.place());
      const total = order.total.amountMinor;
      const captured = await shop.last(
        async () => (await capturedOf(shop)) - before,
        (minor) => minor >= total,
        order.status === 'completed' ? undefined : 0,
      );
      const found = `the order is ${order.status}, captured ${captured} of ${total}`;
      return order.status === 'completed' && captured === total
        ? ok(found)
        : red(found, 'A repair must not stop other orders. fieldguide lab reset starts again.');
    },
  },
  {
    name: 'a declined order leaves no trace',
    expected: 'an order with tok_declined is rejected, with stock and money as before',
    look: 'GET /stock/ID; payment ledger',
    run: async (shop) => {
      const [stock, captured] = [await shop.stock(), await capturedOf(shop)];
      const order = await shop.ended(await shop.place('tok_declined'));
      const after = await shop.last(
        () => shop.stock(),
        ({ freeUnits }) => freeUnits === stock.freeUnits,
      );
      const free = after.freeUnits - stock.freeUnits;
      const money = (await capturedOf(shop)) - captured;
      const found = `the order is ${order.status}, stock and money changed by ${free} units and ${money}`;
      return order.status === 'rejected' && free === 0 && money === 0
        ? ok(found)
        : red(found, 'Every step of a rejected order is compensated: what has kept one from it?');
    },
  },
];
