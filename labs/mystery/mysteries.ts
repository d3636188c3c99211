import type { ServiceStatus } from '@fieldguide/platform-controller/status';
import type { Shop } from '../frame/shop.ts';

/** The causes that an answer selects from. */
export const patterns = [
  'frozen process',
  'missing instance',
  'slow dependency',
  'failing dependency',
  'wrong setting',
  'poison record',
  'broker away',
  'registry away',
  'database away',
  'network partition',
  'bad release',
] as const;
type Pattern = (typeof patterns)[number];

/** Something that shows the fault: an answer names it by one of the terms, and it must be there now. */
interface Evidence {
  readonly terms: readonly string[];
  readonly isThere: (shop: Shop) => Promise<boolean>;
}
/** One step to the answer: a command, and what its output shows. */
interface Step {
  readonly command: string;
  readonly shows: RegExp;
  readonly why: string;
}
/** A seeded fault to diagnose. */
export interface Mystery {
  readonly symptom: string;
  readonly cause:
    | { readonly kind: string; readonly target: string; readonly to?: string }
    | { readonly app: string; readonly key: string; readonly value: string };
  readonly service: string;
  readonly pattern: Pattern;
  readonly evidence: readonly Evidence[];
  readonly way: readonly Step[];
  readonly explanation: string;
}

const metricAbove0 = (app: string, name: string) => async (shop: Shop) =>
  (await shop.metric(app, name)) > 0;
const setting = (app: string, key: string, value: string) => async (shop: Shop) => {
  const path = `/apps/${app}/settings`;
  const all = await shop.platform.call<Record<string, { value: string }>>('GET', path);
  return all[key]?.value === value;
};
const DISPATCH_DELAY_MS = '86400000';
const SLOW_SECONDS = 0.3;
const hasNone = (app: string) => async (shop: Shop) => (await shop.instances(app)).length === 0;
const isSilent = (app: string) => async (shop: Shop) =>
  (await shop.instances(app)).some(({ health }) => health === 'no answer');
const isSlow = (app: string) => async (shop: Shop) => {
  const name = 'messaging_process_duration_seconds';
  const sum = await shop.metric(app, `${name}_sum`);
  return sum / (await shop.metric(app, `${name}_count`)) > SLOW_SECONDS;
};
const isAway = (name: string) => async (shop: Shop) => {
  const all = await shop.platform.call<ServiceStatus[]>('GET', '/services');
  return all.some(({ service, state }) => service === name && state !== 'running');
};

/** By seed, from 1. */
export const mysteries: readonly Mystery[] = [
  {
    symptom: 'Customers report that their orders wait for the payment, and are rejected later.',
    cause: { kind: 'freeze', target: 'payment-provider/1' },
    service: 'payment-provider',
    pattern: 'frozen process',
    evidence: [
      { terms: ['breaker_state', 'breaker'], isThere: metricAbove0('payments', 'breaker_state') },
      {
        terms: ['no answer'],
        isThere: isSilent('payment-provider'),
      },
    ],
    way: [
      {
        command: 'checkouts',
        shows: /payment/i,
        why: 'Take one open order: which answer does it wait for?',
      },
      { command: 'status', shows: /no answer/, why: 'Which instance behind it is not "ok"?' },
    ],
    explanation:
      'The payment provider was frozen: its process exists and accepts connections, but answers nothing. Each call of payments ends at its time limit, and the breaker opens. Status shows "no answer" without a restart. In production, replace such a process: a liveness check with a time limit does it.',
  },
  {
    symptom: 'An alert reports that a message cannot be handled; customers notice nothing yet.',
    cause: { kind: 'poison-record', target: 'inventory.requests.v1' },
    service: 'inventory',
    pattern: 'poison record',
    evidence: [
      {
        terms: ['dead_letters_waiting', 'dead letter', 'dead-letter'],
        isThere: metricAbove0('inventory', 'dead_letters_waiting'),
      },
    ],
    way: [
      {
        command: 'dead-letters list',
        shows: /inventory/,
        why: 'Which service has parked a message?',
      },
    ],
    explanation:
      'A record that no parser reads was in the topic of inventory. The consumer parked it as a dead letter, so that later records of other keys continue. Find its sender, then discard or redrive it.',
  },
  {
    symptom: 'Customers report that new orders do not proceed: they stay "placed".',
    cause: { kind: 'down', target: 'inventory' },
    service: 'inventory',
    pattern: 'missing instance',
    evidence: [
      { terms: ['0 of 1', 'no instance', '0 instances'], isThere: hasNone('inventory') },
      { terms: ['checkouts_open'], isThere: metricAbove0('ordering', 'checkouts_open') },
    ],
    way: [
      {
        command: 'checkouts',
        shows: /placed/,
        why: 'Which status do the open orders have, and which reply ends it?',
      },
      {
        command: 'status',
        shows: /inventory: 0 of 1/,
        why: 'Who reserves the stock? Is it there?',
      },
    ],
    explanation:
      'Inventory had no instance. Orders are accepted all the same, because ordering sends ReserveStock through the broker; they proceed when inventory returns within the deadline of 30 s. Scale the app, or read its log to see why it ended.',
  },
  {
    symptom: 'Customers report that orders are accepted, and then none proceeds.',
    cause: { kind: 'down', target: 'kafka' },
    service: 'kafka',
    pattern: 'broker away',
    evidence: [
      {
        terms: ['ended'],
        isThere: isAway('kafka'),
      },
    ],
    way: [
      { command: 'checkouts', shows: /placed/, why: 'Did any order pass its first step?' },
      {
        command: 'status',
        shows: /kafka\s+ended/,
        why: 'Inventory runs. What carries its messages?',
      },
    ],
    explanation:
      'Kafka was down. Orders are accepted all the same: their events are stored in the transaction of ordering and published when the broker is back. Nothing is lost, but deadlines pass: an order whose stock is not reserved within 30 s is rejected.',
  },
  {
    symptom: 'An alert reports that several services are degraded; customers notice nothing yet.',
    cause: { kind: 'down', target: 'consul' },
    service: 'consul',
    pattern: 'registry away',
    evidence: [
      {
        terms: ['consul degraded', 'consul ended', 'ended'],
        isThere: isAway('consul'),
      },
    ],
    way: [
      {
        command: 'status',
        shows: /degraded/,
        why: 'Which services are degraded, and what do they share?',
      },
      { command: 'status', shows: /consul\s+ended/, why: 'Does each backing service run?' },
    ],
    explanation:
      'Consul was down. Services continue with the last known instances and settings, and report "degraded". Until it is back, new instances are not found and live settings do not change.',
  },
  {
    symptom: 'Customers report that each order takes seconds longer than yesterday.',
    cause: { kind: 'slow-consumer', target: 'inventory' },
    service: 'inventory',
    pattern: 'slow dependency',
    evidence: [
      {
        terms: ['messaging_process_duration_seconds', 'messaging_process_duration'],
        isThere: isSlow('inventory'),
      },
    ],
    way: [
      {
        command: 'traces --app inventory --min-duration-ms 1000',
        shows: /orders/,
        why: 'Which part of a slow trace takes the time? Open one with traces ID.',
      },
    ],
    explanation:
      'Each statement of inventory to its database waited for half a second. Every process is healthy, but its handlers take long: messaging_process_duration_seconds of inventory shows it. In production look for a lost index, a lock, or a database far away.',
  },
  {
    symptom: 'Customers report that their orders are paid, but no parcel leaves.',
    cause: { app: 'shipping', key: 'DISPATCH_DELAY_MS', value: DISPATCH_DELAY_MS },
    service: 'shipping',
    pattern: 'wrong setting',
    evidence: [
      {
        terms: ['DISPATCH_DELAY_MS', DISPATCH_DELAY_MS, 'dispatch delay'],
        isThere: setting('shipping', 'DISPATCH_DELAY_MS', DISPATCH_DELAY_MS),
      },
    ],
    way: [
      {
        command: 'checkouts',
        shows: /shipping|shipment|dispatch|confirmed/i,
        why: 'How far did the open orders come?',
      },
      {
        command: 'env shipping',
        shows: /DISPATCH_DELAY_MS\s+86400000/,
        why: 'Nothing is down. Which setting differs?',
      },
    ],
    explanation:
      'A live setting of shipping was wrong: DISPATCH_DELAY_MS was a day instead of a second. Every process is healthy, because the code does what the setting demands. The settings name their source, and the log of the platform has the change. Orders that are confirmed meanwhile keep their late dispatch. Remove the value: fieldguide env shipping --unset DISPATCH_DELAY_MS.',
  },
  {
    symptom:
      'Customers report that their orders wait for the payment. The provider has a green page.',
    cause: { kind: 'http-error', target: 'payment-provider' },
    service: 'payment-provider',
    pattern: 'failing dependency',
    evidence: [
      { terms: ['breaker_state', 'breaker'], isThere: metricAbove0('payments', 'breaker_state') },
    ],
    way: [
      { command: 'checkouts', shows: /payment/i, why: 'Which reply is missing, and for how long?' },
      {
        command: 'logs payments --since 2m',
        shows: /payment-provider: .*503/,
        why: 'Each process is healthy. What does the service behind it answer?',
      },
    ],
    explanation:
      'The payment provider answered each request with 503. Nothing was charged: payments repeats with the same key, and its breaker opens so that a failing provider gets no further load. The calls that failed are in the log of payments, and in http_client_request_duration_seconds by status.',
  },
  {
    symptom: 'Orders stay "placed" since an hour ago. The operator sees no crash and no restart.',
    cause: { kind: 'freeze', target: 'inventory/1' },
    service: 'inventory',
    pattern: 'frozen process',
    evidence: [{ terms: ['no answer'], isThere: isSilent('inventory') }],
    way: [
      { command: 'checkouts', shows: /placed/, why: 'Where did the youngest open order stop?' },
      {
        command: 'status',
        shows: /inventory\/1\s+no answer/,
        why: 'A process can exist and do nothing. Which one does not answer?',
      },
    ],
    explanation:
      'The process of inventory was frozen. It holds its partitions until its session with the broker expires, so a second instance would not help before that. Restart it; what froze it is in a dump of its threads, if you take one first.',
  },
  {
    symptom:
      'The carrier reports that it has had nothing to pick up for an hour. The shop takes orders.',
    cause: { kind: 'down', target: 'shipping' },
    service: 'shipping',
    pattern: 'missing instance',
    evidence: [{ terms: ['0 of 1', 'no instance', '0 instances'], isThere: hasNone('shipping') }],
    way: [
      {
        command: 'checkouts',
        shows: /shipping|shipment|dispatch|confirmed/i,
        why: 'Which step comes after the payment?',
      },
      {
        command: 'status',
        shows: /shipping: 0 of 1/,
        why: 'How many instances does each app have, and how many should it have?',
      },
    ],
    explanation:
      'Shipping had no instance. Its commands wait in the broker, and orders continue when it returns: until the deadline nothing has to be compensated.',
  },
  {
    symptom:
      'Customers report that new orders stay "placed". An alert reports a service that is not ready.',
    cause: { kind: 'refuse', target: 'inventory', to: 'postgres' },
    service: 'inventory',
    pattern: 'database away',
    evidence: [
      {
        terms: ['down', 'health/ready'],
        isThere: async (shop) =>
          (await shop.instances('inventory')).some(({ health }) => health === 'down'),
      },
    ],
    way: [
      { command: 'checkouts', shows: /placed/, why: 'Who should have answered the open orders?' },
      {
        command: 'status',
        shows: /inventory\/1\s+down/,
        why: 'One service is not ready. What do the others have that it has not?',
      },
    ],
    explanation:
      'Inventory could not reach its database: PostgreSQL runs, and the databases of the others answer. Without it no message is handled, and none is lost: the consumer repeats it. Look at the address, the password, the number of connections, and the network between the two.',
  },
  {
    symptom:
      'The payment provider reports quick answers, and customers wait seconds for a confirmation.',
    cause: { kind: 'slow-consumer', target: 'payments' },
    service: 'payments',
    pattern: 'slow dependency',
    evidence: [
      {
        terms: ['messaging_process_duration_seconds', 'messaging_process_duration'],
        isThere: isSlow('payments'),
      },
    ],
    way: [
      {
        command: 'traces --app payments --min-duration-ms 1000',
        shows: /orders/,
        why: 'Open one with traces ID. Is the provider slow, or the time between the calls?',
      },
    ],
    explanation:
      'Each statement of payments to its database waited for half a second. The provider was as quick as ever: in a trace the gap is between the statements, not in the call. Do not raise the time limits of the calls: they were not the cause. In production compare the statements of yesterday and today in the statistics of the database.',
  },
];
