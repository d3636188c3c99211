import type { Product } from '@fieldguide/contracts/catalog';
import { select } from '../frame/edit.ts';
import { type Lab, ok, red } from '../frame/lab.ts';
import type { Shop } from '../frame/shop.ts';

const FILE = 'apps/catalog/src/product/products.ts';
const change = select(FILE, 'Products.change');
const sendLater = change.call('afterCommit');
/** From `publishMessage(uow, message)` to a message that is sent without the outbox. */
const afterCommit = (present: string) =>
  present.replace(
    /^publishMessage\(\s*(\w+),\s*([\s\S]*?),?\s*\)$/,
    '$1.afterCommit(() => void send(this.messaging, $2).catch(() => undefined))',
  );
const imports =
  "import { type Envelope, Messaging, type NewMessage } from '@fieldguide/messaging';";
const send = (publish: string) => `async function send(messaging: Messaging, message: NewMessage) {
  const { topic, type, subject, data } = message;
  const id = crypto.randomUUID();
  const envelope: Envelope = {
    specversion: '1.0',
    id,
    source: '/catalog',
    type,
    subject,
    time: new Date().toISOString(),
    datacontenttype: 'application/json',
    data,
    correlationid: id,
  };
  ${publish}
}`;

/** Products that no other example orders. */
const PRODUCTS = [31, 32, 33, 34, 35].map((n) => `01900000-0000-7000-8000-0000000000${n}`);
/** One more is waiting from the check before. */
const WAITING = PRODUCTS.length + 1;

/** How many changes of a product ordering has received. */
const received = (shop: Shop) =>
  shop.metric('ordering', 'messaging_process_duration_seconds_count', {
    cloudevents_event_type: 'ProductChanged',
    outcome: 'handled',
  });

/** Raises the price of a product as the operator does. @returns whether it is accepted */
async function raise(shop: Shop, id: string): Promise<boolean> {
  const path = `/products/${id}`;
  const [instance] = await shop.instances('catalog'); // the gateway has an older copy
  const response = await fetch(instance!.url + path);
  const { price } = (await response.json()) as Product;
  const ifMatch = response.headers.get('etag')!;
  const body = { price: { ...price, amountMinor: price.amountMinor + 1 } };
  return shop.operator.call('gateway', 'PATCH', path, { body, ifMatch }).then(
    () => true,
    () => false,
  );
}

/** Kills the catalog, and waits until another process runs. */
async function kill(shop: Shop): Promise<void> {
  const pids = await shop.kill('catalog');
  await shop.last(
    () => shop.instances('catalog'),
    (all) => all.length > 0 && all.every(({ pid }) => !pids.includes(pid)),
  );
}

/** The lab about the outbox. */
export const lab: Lab = {
  title: 'The lost message',
  minutes: 30,
  level: 'basic',
  patterns: ['transactional outbox', 'dual write'],
  proofSeconds: 134,
  apps: ['catalog'],
  damage: [
    select(FILE, 'Products.add').call('publishMessage').replace(afterCommit),
    change.call('publishMessage').replace(afterCommit),
    select(FILE, 'Products.constructor').replace((present) =>
      present.replace(/,?\s*\)\s*\{/, ', private readonly messaging: Messaging) {'),
    ),
    select(FILE).replace(
      (present) =>
        `${imports}\n${present}\n${send('await messaging.publish([{ topic, envelope }]);')}\n`,
    ),
  ],
  checks: [
    {
      name: 'a change needs no Kafka',
      expected: 'the catalog is cut off from Kafka, and accepts a change of a price',
      look: 'npx fieldguide logs catalog --env lab --since 2m',
      run: async (shop) => {
        await shop.fault('refuse', 'catalog', { to: 'kafka' });
        return (await raise(shop, PRODUCTS[0]!))
          ? ok('accepted')
          : red(
              'refused',
              'The request waits for Kafka, and fails without it, although the price is stored. A request should only need its own database. Sending before the commit is worse: the commit can still fail, and Kafka does not take a message back.',
            );
      },
    },
    {
      name: 'a message survives a kill',
      expected: `${PRODUCTS.length} more changes, a SIGKILL, Kafka is back: ordering receives all ${WAITING} messages`,
      look: 'Products.change; afterCommit in libs/database/src/unit-of-work.ts',
      run: async (shop) => {
        const before = await received(shop);
        for (const id of PRODUCTS) await raise(shop, id);
        await kill(shop);
        await shop.endFaults();
        const messages = await shop.last(
          async () => (await received(shop)) - before,
          (count) => count >= WAITING,
        );
        return messages >= WAITING
          ? ok(`${messages} messages`)
          : red(
              `${messages} of ${WAITING} messages`,
              'The price is in the database, the message was only in the memory of the process. A retry does not help: it dies with the process. Store the message where the price is, in the same transaction.',
            );
      },
    },
  ],
  red: 'a message survives a kill',
  hints: [
    'Look at the order of events in Products.change: the commit, then send. What happens to the message when the process ends in between?',
    'The catalog has a table outbox, and a relay that sends its rows: libs/messaging/src/relay.ts. A row has to be written by the unit of work that changes the product.',
    'publishMessage(uow, productChanged(product)) adds the row; it replaces afterCommit and send, in add and in change.',
  ],
  wrong: [
    {
      name: 'the request waits until it is sent',
      edits: [
        sendLater.remove(),
        change.result(
          (value) => `${value}.then(async (product) => {
        await send(this.messaging, productChanged(product));
        return product;
      })`,
        ),
      ],
      red: 'a change needs no Kafka',
      help: 'only need its own database',
    },
    {
      name: 'it is repeated until it is sent, in memory',
      edits: [
        select(FILE, 'send').replace(
          send(`const publish = () => messaging.publish([{ topic, envelope }]).then(() => true, () => false);
  while (!(await publish())) await new Promise((resolve) => setTimeout(resolve, 200));`),
        ),
      ],
      red: 'a message survives a kill',
      help: 'A retry does not help',
    },
  ],
  after: `
Two systems cannot commit together: a process that writes to its database and then to Kafka can end in between. An outbox makes it one write. The message is a row of the same transaction, and a relay sends the row until Kafka has acknowledged it.

Where it bites in production: each deployment, each crash and each short outage of the broker loses a few messages. Nothing fails, and the copies in other services drift apart until a customer notices.

What it costs: a table, a relay that one instance runs at a time, and some milliseconds. The relay sends a message again when it dies before it deletes the row, so consumers need an inbox (lab 13).

When not to use it: for messages that may get lost, such as hints to a cache with a short lifetime. An event store needs no second table: ordering publishes from the log of its events.
`,
};
