import type { Order, Timeline } from '@fieldguide/contracts/ordering';
import type { Visitor } from '@fieldguide/system/demo/visitor';
import { type Lab, ok, red } from '../frame/lab.ts';
import type { Shop } from '../frame/shop.ts';

/** The customer that the participant registers; the data of a lab are empty at its start. */
const account = { email: 'me@fieldguide.test', password: 'my first order', name: 'Me' };

/** Signs in as the participant's customer. @returns undefined when there is none */
async function signedIn(shop: Shop): Promise<Visitor | undefined> {
  const visitor = shop.visitor();
  const { status } = await visitor.signIn(account.email, account.password);
  return status < 300 ? visitor : undefined;
}

async function ordersOf(shop: Shop): Promise<readonly Order[]> {
  const visitor = await signedIn(shop);
  const list = await visitor?.send<{ items: Order[] }>('GET', '/orders');
  return list?.body.items ?? [];
}

async function register(shop: Shop): Promise<void> {
  await shop.visitor().send('POST', '/auth/registrations', { body: account });
}

/** Places an order as the participant's customer. */
async function order(shop: Shop, token: string): Promise<void> {
  await register(shop);
  const by = (await signedIn(shop))!;
  const placed = await shop.request({ token, by });
  const isFinal = ({ status }: Order) => status === 'completed' || status === 'rejected';
  await shop.last(async () => (await by.order(placed.body.id)).body, isFinal);
}

/** Adds up what the provider's ledger has captured for an order. */
async function capturedFor(shop: Shop, { id }: Order): Promise<number> {
  const visitor = (await signedIn(shop))!;
  const { body } = await visitor.send<Timeline>('GET', `/orders/${id}/timeline`);
  const event = body.items.find(({ type }) => type === 'PaymentCaptured');
  return (await shop.ledger())
    .filter(({ kind, outcome }) => kind === 'capture' && outcome === 'approved')
    .filter(({ paymentId }) => paymentId === event?.data['paymentId'])
    .reduce((sum, { amount }) => sum + amount.amountMinor, 0);
}

/** The lab that reads the system; nothing is broken. */
export const lab: Lab = {
  title: 'First order',
  minutes: 15,
  level: 'first steps',
  patterns: ['saga', 'choreographed messages', 'timeline'],
  proofSeconds: 20,
  apps: [],
  damage: [],
  checks: [
    {
      name: 'a customer is registered',
      expected: `${account.email} can sign in`,
      look: 'the shop: Sign in; POST /auth/registrations',
      run: async (shop) =>
        (await signedIn(shop))
          ? ok(`${account.email} is registered`)
          : red(
              `${account.email} cannot sign in`,
              `Register a customer with the e-mail ${account.email} and the password "${account.password}". With another password: fieldguide lab start 1 begins with empty data.`,
            ),
    },
    {
      name: 'the customer has ordered',
      expected: 'the customer has at least one order',
      look: 'the shop: Orders; GET /orders with the token of the customer',
      run: async (shop) => {
        const { length } = await ordersOf(shop);
        return length > 0
          ? ok(`${length} orders`)
          : red(
              'no order',
              'The customer is registered. Sign in, take the access token, and POST /orders with it and with an Idempotency-Key.',
            );
      },
    },
    {
      name: 'an order is completed',
      expected: 'one of the orders is completed',
      look: 'npx fieldguide explain ID --env lab; GET /orders/ID/timeline',
      run: async (shop) => {
        const orders = await shop.last(
          () => ordersOf(shop),
          (all) =>
            all.some(({ status }) => status === 'completed') ||
            all.every(({ status }) => status === 'rejected' || status === 'cancelled'),
        );
        const found = orders.map(({ status, statusReason }) => statusReason ?? status).join(', ');
        return orders.some(({ status }) => status === 'completed')
          ? ok(found)
          : red(
              found,
              'The shop took the order, and did not complete it. The timeline names the step that refused it; the payment with tok_ok is approved.',
            );
      },
    },
    {
      name: 'captured what was ordered',
      expected: 'the payment provider has captured the total of the completed order',
      look: 'the ledger of the payment provider; PaymentCaptured in the timeline',
      run: async (shop) => {
        const done = (await ordersOf(shop)).find(({ status }) => status === 'completed')!;
        const captured = await capturedFor(shop, done);
        const found = `captured ${captured} of ${done.total.amountMinor}`;
        return captured === done.total.amountMinor
          ? ok(found)
          : red(found, 'Compare the timeline with the ledger: fieldguide explain names each step.');
      },
    },
  ],
  red: 'a customer is registered',
  hints: [
    'The README has the three requests. The storefront sends the same ones: register, sign in, order.',
    'POST /auth/registrations answers 201, POST /auth/tokens gives accessToken, POST /orders needs it as "authorization: Bearer …".',
    'An order with the payment token tok_ok completes in two seconds; GET /orders/ID shows its status.',
  ],
  act: (shop) => order(shop, 'tok_ok'),
  wrong: [
    {
      name: 'a registration without an order',
      edits: [],
      act: register,
      red: 'the customer has ordered',
      help: 'The customer is registered',
    },
    {
      name: 'an order whose payment is declined',
      edits: [],
      act: (shop) => order(shop, 'tok_declined'),
      red: 'an order is completed',
      help: 'names the step that refused it',
    },
  ],
  after: `
The response to POST /orders states that the order is accepted, not that it is done. Four services then exchange messages: ordering requests the goods from inventory, the money from payments and the parcel from shipping, and records each reply as an event of the order. The timeline is that record.

Where it bites in production: a user interface that shows "done" after the first response is wrong for two seconds, and for hours on a bad day. Show the status that the order has.

What it costs: an order has more states than one transaction would have, and each rejection needs compensations. A declined payment releases the goods again.

When not to use it: where one database holds stock, money and parcel, one transaction is simpler and is never half done.
`,
};
