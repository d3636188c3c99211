import { select } from '../frame/edit.ts';
import { type Lab, ok, red } from '../frame/lab.ts';
import type { Shop } from '../frame/shop.ts';

const policy = (settings: string) =>
  select('apps/payments/src/call-provider/provider.ts', 'OWN_POLICY').replace(
    `OWN_POLICY = { ${settings} }`,
  );
const ORDERS = 12;
const ENOUGH_CALLS = 10;
const CLOSED = 0;

const endedCalls = (shop: Shop) =>
  shop.metric('payments', 'http_client_request_duration_seconds_count', {
    server_service_name: 'payment-provider',
  });
const breaker = (shop: Shop) =>
  shop.metric('payments', 'breaker_state', { breaker: 'payment-provider' });

/** The lab about time limits and the circuit breaker. */
export const lab: Lab = {
  title: 'Open the circuit',
  minutes: 25,
  level: 'basic',
  patterns: ['timeout', 'circuit breaker'],
  proofSeconds: 128,
  apps: ['payments'],
  damage: [policy('timeoutMs: 45_000, minimumCalls: 100, windowMs: 10_000')],
  checks: [
    {
      name: 'calls end',
      expected: `the provider is frozen, and ${ENOUGH_CALLS} calls of ${ORDERS} orders have ended within 12 s`,
      look: 'http_client_request_duration_seconds_count at /metrics of payments',
      run: async (shop) => {
        const before = await endedCalls(shop);
        await shop.fault('freeze', 'payment-provider/1');
        await Promise.all(Array.from({ length: ORDERS }, () => shop.place()));
        const ended = await shop.last(
          async () => (await endedCalls(shop)) - before,
          (calls) => calls >= ENOUGH_CALLS,
          12_000,
        );
        return ended >= ENOUGH_CALLS
          ? ok(`${ended} calls have ended`)
          : red(
              `${ended} calls have ended`,
              'Each call waits for longer than its order does. What should end it, and when?',
            );
      },
    },
    {
      name: 'the breaker opens',
      expected:
        'payments stops calling the frozen provider: breaker_state is 2 (open), or 1 before a trial call',
      look: 'npx fieldguide status --env lab; breaker_state at /metrics of payments',
      run: async (shop) => {
        const state = await shop.last(
          () => breaker(shop),
          (value) => value !== CLOSED,
          6_000,
        );
        return state !== CLOSED
          ? ok(`breaker_state is ${state}`)
          : red(
              `breaker_state is ${state}`,
              'Calls end now, but payments continues to call. How many failures does the breaker wait for, and in which period (minimumCalls, windowMs)?',
            );
      },
    },
    {
      name: 'the breaker closes again',
      expected: 'the provider answers again, and breaker_state is 0 within 10 s',
      look: 'breaker_state at /metrics of payments',
      run: async (shop) => {
        await shop.endFaults();
        const state = await shop.last(
          () => breaker(shop),
          (value) => value === CLOSED,
          10_000,
        );
        return state === CLOSED
          ? ok('the breaker is closed')
          : red(
              `breaker_state is ${state}`,
              'An open breaker lets one trial call through after resetAfterMs. A long pause protects a provider that is well again.',
            );
      },
    },
    {
      name: 'a slow answer is awaited',
      expected: 'an order with tok_slow is completed with two calls, each of which takes 3 s',
      look: 'npx fieldguide logs payments --env lab --since 2m',
      run: async (shop) => {
        await shop.idle();
        const before = await endedCalls(shop);
        const { status } = await shop.ended(await shop.place('tok_slow'));
        const calls = (await endedCalls(shop)) - before;
        const found = `the order is ${status}, ${calls} calls`;
        return status === 'completed' && calls === 2
          ? ok(found)
          : red(
              found,
              'The provider is well, only slow. A time limit below its slowest good answer turns good answers into failures, and one failure must not open the breaker.',
            );
      },
    },
  ],
  red: 'calls end',
  hints: [
    'After a check: npx fieldguide traces --app payments --min-duration-ms 5000 --env lab, and traces ID for one of them. How long is the call of the provider, and who ended it? During a check npx fieldguide checkouts --env lab shows how long the orders wait.',
    'A time limit must be longer than a good answer takes and shorter than the caller waits: an order waits 20 s for its payment (PAYMENT_DEADLINE_MS in npx fieldguide env ordering --env lab). tok_slow is a good answer after 3 s.',
    'timeoutMs: 4_000 ends a call; minimumCalls: 10 with windowMs: 30_000 counts calls that end late together. The other settings have defaults.',
  ],
  wrong: [
    {
      name: 'a time limit without a breaker',
      edits: [policy('timeoutMs: 4_000, minimumCalls: 100, windowMs: 10_000')],
      red: 'the breaker opens',
      help: 'continues to call',
    },
    {
      name: 'a breaker that stays open for ten minutes',
      edits: [
        policy('timeoutMs: 4_000, minimumCalls: 10, windowMs: 30_000, resetAfterMs: 600_000'),
      ],
      red: 'the breaker closes again',
      help: 'lets one trial call through',
    },
    {
      name: 'a time limit below a good answer',
      edits: [policy('timeoutMs: 1_000, minimumCalls: 10, windowMs: 30_000')],
      red: 'a slow answer is awaited',
      help: 'below its slowest good answer',
    },
  ],
  after: `
A time limit bounds one call, a breaker bounds all of them. When most calls fail, it opens: further calls fail immediately, without a connection and without a wait. After a pause it lets one trial call through, and closes when that succeeds.

Where it bites in production: a dependency that is slow does more harm than one that is down. Every waiting call holds a connection and memory, and the wait spreads to callers that never use the dependency.

What it costs: settings that fit the traffic. A breaker that counts two calls opens by accident; one with a window shorter than a few time limits never opens. While it is open, the caller needs another answer: here the payment is due again later.

When not to use it: in front of something local and quick, such as your own database, a pool with a bound and a time limit does the same job.
`,
};
