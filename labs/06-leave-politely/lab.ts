import { setTimeout as sleep } from 'node:timers/promises';
import { select } from '../frame/edit.ts';
import { type Finding, type Lab, ok, red } from '../frame/lab.ts';
import type { Shop } from '../frame/shop.ts';
import { SlowClients } from './slow-clients.ts';

const serve = select('libs/service/src/run-service.ts', 'serve');
const drain = select('libs/service/src/root.module.ts', 'RootModule.onModuleDestroy');
/** The statement that the damage puts in place of Nest's shutdown hooks. */
const exit = serve.call('once');
const EXIT = "process.once('SIGTERM', () => process.exit(0))";

const APP = 'inventory';
const CLIENTS = 4;
const READ_EVERY_MS = 20;

interface Departure {
  readonly answered: number;
  readonly lost: number;
  /** Requests in hand when the port closed. */
  readonly inHand: number;
  /** The registry still had the instance when its port was closed. */
  readonly wasRegistered: boolean;
  readonly reads: number;
  readonly failedReads: number;
}
let departure: Departure;

/** Reads through the gateway, fifty times a second, until `done`. */
async function readUntil(done: Promise<unknown>, shop: Shop): Promise<boolean[]> {
  let isDone = false;
  done.finally(() => (isDone = true)).catch(() => undefined);
  const reads: Promise<boolean>[] = [];
  const read = () =>
    shop.stock().then(
      ({ freeUnits }) => freeUnits !== undefined,
      () => false,
    );
  for (; !isDone; await sleep(READ_EVERY_MS)) reads.push(read());
  return Promise.all(reads);
}

/** Restarts the app while requests are in hand, and others arrive. */
async function restart(shop: Shop): Promise<Departure> {
  const [old] = await shop.instances(APP);
  const clients = new SlowClients(old!);
  const sending = clients.send(CLIENTS);
  await shop.last(
    async () => clients.inHand,
    (count) => count === CLIENTS,
  );
  const restarting = shop.platform.call('POST', `/apps/${APP}/restarts`);
  const reading = readUntil(restarting, shop);
  await clients.watch();
  const [inHand, wasRegistered] = [clients.inHand, await shop.isRegistered(old!.name)];
  clients.release();
  await Promise.all([sending, restarting]);
  const reads = await reading;
  const { answered, lost } = clients;
  const failedReads = reads.filter((isRead) => !isRead).length;
  return { answered, lost, inHand, wasRegistered, reads: reads.length, failedReads };
}

const verdict = (isOk: boolean, found: string, next: string): Finding =>
  isOk ? ok(found) : red(found, next);

/** The lab about the end of an instance. */
export const lab: Lab = {
  title: 'Leave politely',
  minutes: 20,
  level: 'basic',
  patterns: ['graceful shutdown', 'connection draining'],
  proofSeconds: 53,
  apps: [APP],
  damage: [
    serve.call('enableShutdownHooks').replace(EXIT),
    drain.replace('async onModuleDestroy(): Promise<void> {}'),
  ],
  checks: [
    {
      name: 'requests in hand are answered',
      expected: `${APP} is restarted, and answers each request that it has begun to receive`,
      look: 'serve in libs/service/src/run-service.ts; npx fieldguide logs inventory --env lab',
      run: async (shop) => {
        departure = await restart(shop);
        const { answered, lost } = departure;
        return verdict(
          lost === 0,
          `${answered} answered, ${lost} lost`,
          'The process ends while requests are in it. A deregistration stops new requests only, and a fixed pause is too short for some. Let Nest close the application after SIGTERM: it waits for the requests in hand.',
        );
      },
    },
    {
      name: 'it is deregistered before it closes',
      expected: 'when its port closes, the registry does not have the instance any more',
      look: 'onModuleDestroy in libs/service/src/root.module.ts',
      run: async () =>
        verdict(
          !departure.wasRegistered,
          `${departure.inHand} requests in hand, the registry ${departure.wasRegistered ? 'still has' : 'does not have'} the instance`,
          'Callers still choose this instance, and meet a closed port. The gateway hides it by another attempt, which has a budget. Deregister first, and close when the callers know it.',
        ),
    },
    {
      name: 'no request fails',
      expected: 'the gateway answers all reads during the restart, fifty a second',
      look: 'npx fieldguide logs gateway --env lab',
      run: async () =>
        verdict(
          departure.failedReads === 0,
          `${departure.failedReads} of ${departure.reads} reads failed`,
          'A new instance must be ready before the old one leaves, and the old one serves until the callers know it.',
        ),
    },
  ],
  red: 'requests in hand are answered',
  hints: [
    'Find what handles SIGTERM in libs/service/src/run-service.ts. Nest has shutdown hooks for it: enableShutdownHooks.',
    'Nest calls onModuleDestroy of the root module first, and closes the HTTP server afterwards. That is the place for the deregistration.',
    'onModuleDestroy: this.health.drain(), then await this.registry?.deregister(), then sleep for ROUTERS_NOTICE_MS. The public port drains at the same time: this.#publicPort?.drain(CONNECTIONS_LEAVE_MS).',
  ],
  wrong: [
    {
      name: 'it finishes, and does not deregister',
      edits: [
        exit.remove(),
        serve
          .call('init')
          .replace((present) =>
            present.replace(
              /\.init\(\)$/,
              ".enableShutdownHooks(['SIGTERM', 'SIGINT'], { useProcessExit: true }).init()",
            ),
          ),
      ],
      red: 'it is deregistered before it closes',
      help: 'Deregister first',
    },
    {
      name: 'it deregisters, waits a little, and exits',
      edits: [
        exit.remove(),
        serve.call('announce').replace(
          (present) => `${present}.then(() => process.once('SIGTERM', () =>
      void ${present.replace('announce', 'onModuleDestroy')}.then(() => process.exit(0))))`,
        ),
        drain.replace(`async onModuleDestroy(): Promise<void> {
    this.health.drain();
    await this.registry?.deregister();
    await this.clock.sleep(ROUTERS_NOTICE_MS);
  }`),
      ],
      red: 'requests in hand are answered',
      help: 'A deregistration stops new requests only',
    },
  ],
  after: `
An instance leaves in three steps: it deregisters and still serves, it finishes what it has in hand, and it closes its connections. Each step has a time limit, because the platform sends SIGKILL to a process that does not end.

Where it bites in production: every deployment, every scale-in and every node that is replaced sends SIGTERM. A retry in front hides most of the errors, until a request is a write, or many instances leave at the same time.

What it costs: a few seconds for each instance, and an order among the parts. Workers stop before the database pool closes, or the last transaction fails. A pause lets the routers notice the deregistration.

When not to use it: nothing may depend on it. A process also dies by SIGKILL and by power cuts, so every write must survive an end in the middle. Draining spares the callers an error, it does not protect data.
`,
};
