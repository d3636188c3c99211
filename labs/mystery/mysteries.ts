import type { Shop } from '../frame/shop.ts';

/** The causes that an answer selects from. */
export const patterns = [
  'frozen process',
  'missing instance',
  'slow dependency',
  'failing dependency',
  'wrong setting',
  'poison record',
  'duplicate delivery',
  'broker away',
  'registry away',
  'bad release',
] as const;
type Pattern = (typeof patterns)[number];

/** A fact that shows the fault: an answer names it by one of the terms, and it must be there now. */
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
    | { readonly kind: string; readonly target: string }
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
        isThere: async (shop) =>
          (await shop.instances('payment-provider')).some(({ health }) => health === 'no answer'),
      },
    ],
    way: [
      { command: 'checkouts', shows: /payment/i, why: 'What do the open orders wait for?' },
      { command: 'status', shows: /no answer/, why: 'Which instance behind it is not "ok"?' },
    ],
    explanation:
      'The payment provider was frozen: its process exists and accepts connections, but answers nothing. Each call of payments ends at its time limit, and the breaker opens. Status shows "no answer" without a restart. In production, replace such a process: a liveness check with a time limit does it.',
  },
  {
    symptom: 'An alert says that a message cannot be handled; customers notice nothing yet.',
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
        why: 'What do the open orders wait for?',
      },
      {
        command: 'env shipping',
        shows: /DISPATCH_DELAY_MS\s+86400000/,
        why: 'Nothing is down. Which setting differs?',
      },
    ],
    explanation:
      'A live setting of shipping was wrong: DISPATCH_DELAY_MS was a day instead of a second. Every process is healthy, because the code does what it is told. The settings name their source, and the log of the platform has the change. Orders that are confirmed meanwhile keep their late dispatch. Remove the value: fieldguide env shipping --unset DISPATCH_DELAY_MS.',
  },
];
