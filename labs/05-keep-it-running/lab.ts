import { select } from '../frame/edit.ts';
import { type Lab, ok, red } from '../frame/lab.ts';
import type { Shop } from '../frame/shop.ts';

const load = select('libs/config/src/configuration.ts', 'Configuration.load');
const read = load.call('read');
const damagedRead = load.call('then');
/** The present text without what the damage has added: `kv.read()`. */
const original = (present: string) => present.slice(0, present.indexOf('.then('));
const LIVE = ['ok', 'degraded'];
const STARTS_WITHIN_MS = 8_000;
/** After some crashes the health manager pauses for this long before the next start. */
const BACKOFF_MS_MAX = 30_000;

const instance = async (shop: Shop) => (await shop.instances('shipping'))[0];

/** Waits for the next process of shipping: until it serves, has ended by itself, or starts for longer than it should. */
async function startedWithout(shop: Shop, pids: readonly number[]) {
  let startingSinceMs = Number.POSITIVE_INFINITY;
  return shop.last(
    () => instance(shop),
    (each) => {
      if (!each || pids.includes(each.pid)) return false;
      if (each.health !== 'starting') return true;
      startingSinceMs = Math.min(startingSinceMs, performance.now());
      return performance.now() - startingSinceMs > STARTS_WITHIN_MS;
    },
    BACKOFF_MS_MAX + STARTS_WITHIN_MS,
  );
}

/** The lab about a start without a dependency. */
export const lab: Lab = {
  title: 'Keep it running',
  minutes: 25,
  level: 'first steps',
  patterns: ['health manager', 'degraded start'],
  proofSeconds: 126,
  apps: ['shipping'],
  damage: [
    read.replace(
      (present) => `${present}.then((done) => {
        if (done.error) throw new Error(\`Consul cannot be read: \${done.error}\`);
        return done;
      })`,
    ),
  ],
  checks: [
    {
      name: 'shipping starts without Consul',
      expected: 'Consul is down, shipping is killed, and its next instance serves',
      look: 'npx fieldguide status --env lab; npx fieldguide logs shipping --env lab',
      run: async (shop) => {
        await shop.fault('down', 'consul');
        const pids = await shop.kill('shipping');
        const found = await startedWithout(shop, pids);
        const health = found?.health ?? 'not there';
        if (LIVE.includes(health)) return ok(`shipping is ${health}`);
        const next =
          health === 'starting'
            ? 'The process runs, but it waits: a dependency that it needs later keeps it from serving now. Start with what is known, and read the rest when Consul is back.'
            : 'The health manager starts it again and again, and it ends each time. Read the last lines of its log: who decides that it cannot run without Consul?';
        return red(`shipping is "${health}" after ${found?.restarts ?? 0} restarts`, next);
      },
    },
    {
      name: 'readiness shows what is missing',
      expected: 'the readiness of shipping is degraded, and names consul',
      look: 'npx fieldguide status --env lab',
      run: async (shop) => {
        const state = await shop.last(
          async () => (await instance(shop))?.dependencies['consul']?.state ?? 'not listed',
          (value) => value === 'degraded',
        );
        return state === 'degraded'
          ? ok('consul: degraded')
          : red(
              `consul: ${state}`,
              'It runs with old settings, and an operator cannot see it. A service that lacks something reports it in its readiness.',
            );
      },
    },
    {
      name: 'shipping is whole again',
      expected: 'Consul is back, and shipping is ok without another restart',
      look: 'npx fieldguide status --env lab',
      run: async (shop) => {
        const before = await instance(shop);
        await shop.endFaults();
        const after = await shop.last(
          () => instance(shop),
          (each) => each?.health === 'ok',
        );
        const same = after?.pid === before?.pid;
        return after?.health === 'ok' && same
          ? ok('shipping is ok, in the same process')
          : red(
              `shipping is ${after?.health}, ${same ? 'in the same' : 'in another'} process`,
              'It must notice by itself that Consul is back: watch it, instead of reading once.',
            );
      },
    },
  ],
  red: 'shipping starts without Consul',
  hints: [
    'The log of shipping names the reason. Find the text in libs/config.',
    'ConsulKv.read keeps a failure in `error` and does not throw. Something after it does.',
    'In Configuration.load, `await kv.read()` is enough: readiness reports kv.error, and the watch reads the settings when Consul is back.',
  ],
  wrong: [
    {
      name: 'it waits for Consul at boot',
      edits: [
        damagedRead.replace(
          (present) => `(async () => {
          const reading = () => ${original(present)};
          while ((await reading()).error) await new Promise((resolve) => setTimeout(resolve, 200));
        })()`,
        ),
      ],
      red: 'shipping starts without Consul',
      help: 'The process runs, but it waits',
    },
    {
      name: 'it starts, and hides what is missing',
      edits: [
        damagedRead.replace(original),
        select('libs/service/src/service.module.ts').call('register', "'consul'").remove(),
      ],
      red: 'readiness shows what is missing',
      help: 'an operator cannot see it',
    },
  ],
  after: `
The platform compares desired with actual state, and starts what is missing. It cannot repair a process that refuses to run: a service that exits when a dependency is away turns a short outage of one part into a crash loop of all.

Where it bites in production: after a power cut everything starts together, in any order. Services that insist on an order come up one by one, or never.

What it costs: two states more. A degraded service must report it in its readiness, and must notice when it is whole again.

When not to do it: when continuing would be wrong. A missing signing key or a missing database password ends the process immediately, with the reason: no amount of waiting makes it right.
`,
};
