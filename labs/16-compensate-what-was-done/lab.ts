import { select } from '../frame/edit.ts';
import { type Lab, ok, red } from '../frame/lab.ts';
import type { Shop } from '../frame/shop.ts';

const row = (whileStatus: string) =>
  select('apps/ordering/src/checkout/checkout.model.ts', 'checkout')
    .item('whileStatus', whileStatus)
    .property('refused');

/** Plays an order. @returns its status, and how many units are still reserved for it */
async function keptBy(shop: Shop, play: () => Promise<string>) {
  const before = (await shop.stock()).freeUnits;
  const id = await play();
  const { status } = await shop.ended(id);
  const kept = await shop.last(
    async () => before - (await shop.stock()).freeUnits,
    (units) => units === 0,
    8_000,
  );
  return { id, status, kept };
}

/** Places an order, and cancels it between confirmation and dispatch. */
async function cancelled(shop: Shop): Promise<string> {
  const id = await shop.place();
  await shop.last(
    async () => (await shop.customer.order(id)).body?.status,
    (status) => status === 'confirmed',
  );
  await shop.customer.send('POST', `/orders/${id}/cancellation`, { key: `cancel-${id}` });
  return id;
}

const voids = async (shop: Shop) =>
  (await shop.ledger()).filter(({ kind, outcome }) => kind === 'void' && outcome === 'approved')
    .length;

/** The lab about the saga. */
export const lab: Lab = {
  title: 'Compensate what was done',
  minutes: 25,
  level: 'basic',
  patterns: ['saga', 'compensation'],
  proofSeconds: 58,
  apps: ['ordering'],
  damage: [row('awaitingPayment').replace('[]'), row('cancelling').replace('[]')],
  checks: [
    {
      name: 'a declined payment frees the stock',
      expected: 'an order with tok_declined is rejected, and its units are free again',
      look: 'GET /stock/ID; npx fieldguide explain ID --env lab',
      run: async (shop) => {
        const { status, kept } = await keptBy(shop, () => shop.place('tok_declined'));
        const found = `the order is ${status}, ${kept} units are still reserved`;
        return status === 'rejected' && kept === 0
          ? ok(found)
          : red(
              found,
              'When payments declines, which step is done already? compensate.refused of that row names its compensation.',
            );
      },
    },
    {
      name: 'a cancelled order frees the stock',
      expected: 'an order that is cancelled before its dispatch keeps no units',
      look: 'npx fieldguide console --env lab, page Orders; apps/ordering/src/checkout/checkout.model.ts',
      run: async (shop) => {
        const { status, kept } = await keptBy(shop, () => cancelled(shop));
        const found = `the order is ${status}, ${kept} units are still reserved`;
        return status === 'cancelled' && kept === 0
          ? ok(found)
          : red(
              found,
              'A refused payment is not the only way back. Read the rows as: what is done when this step ends badly?',
            );
      },
    },
    {
      name: 'a cancelled order returns the money',
      expected: 'the authorisation of a cancelled order is voided',
      look: 'payment ledger; npx fieldguide explain ID --env lab',
      run: async (shop) => {
        const before = await voids(shop);
        await shop.ended(await cancelled(shop));
        const made = await shop.last(
          async () => (await voids(shop)) - before,
          (count) => count > 0,
          8_000,
        );
        return made === 1
          ? ok('one void')
          : red(
              `${made} voids`,
              'The goods are back, the customer still has a hold on the card. Compensate every completed step, the last one first.',
            );
      },
    },
  ],
  red: 'a declined payment frees the stock',
  hints: [
    'Open an order that ended badly in the console (page Orders), or with npx fieldguide explain ID --env lab. Which messages did ordering send after PaymentDeclined, or after the cancellation? For each request before that one you expect its inverse; search for the missing name in checkout.model.ts.',
    'Follow one order down the rows. In the row awaitingPayment the stock is reserved already; in cancelling the payment is authorised too.',
    "awaitingPayment needs refused: ['releaseStock'], cancelling needs both compensations, voidPayment first.",
  ],
  wrong: [
    {
      name: 'only the row of the payment is repaired',
      edits: [row('awaitingPayment').replace("['releaseStock']")],
      red: 'a cancelled order frees the stock',
      help: 'not the only way back',
    },
    {
      name: 'a cancellation releases the stock only',
      edits: [
        row('awaitingPayment').replace("['releaseStock']"),
        row('cancelling').replace("['releaseStock']"),
      ],
      red: 'a cancelled order returns the money',
      help: 'still has a hold on the card',
    },
  ],
  after: `
A saga replaces one transaction over several services by a sequence of local ones, each with a compensation. The table names for each step the compensations when it ends badly. It is complete when every way to fail leaves stock and money as before.

Where it bites in production: compensations run rarely, so a missing one shows weeks later as stock that no customer can buy and as holds on cards. Test every step with every bad outcome (npx vitest run --project unit simulation/every-order-ends.spec.ts does).

What it costs: an order is visible while it is half done, each step needs an inverse, and some steps have none. After the pivot, here the dispatch, a process can only go forward.

When not to use it: when one database can hold all of it, a transaction is simpler and has no states in between.
`,
};
