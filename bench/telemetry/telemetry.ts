// Measures what telemetry costs: CPU for each request, memory and start-up time of instances with and without export of
// traces, in interleaved rounds at the default sampling: `npm start`, then `npm run bench:telemetry [rounds]`.
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { MEMORY_MB } from '@fieldguide/platform-controller/desired';
import { heapFlags } from '@fieldguide/platform-controller/runner/instance';
import { Environment } from '@fieldguide/platform-host/environment';
import { readState } from '@fieldguide/platform-host/state';
import {
  cpuMs,
  memoryOf,
  runningInstance,
  type StartedVariant,
  startVariant,
} from '../running-instance.ts';
import { median } from '../statistics.ts';

const [rounds = '10'] = process.argv.slice(2);
const CONCURRENT = 8;
const ORDERS_PER_SECOND = 20; // the highest rate at which all are recorded
const SETTLE_MS = 5_000;
const productId = '01900000-0000-7000-8000-000000000001';
const heap = [...heapFlags(MEMORY_MB), '--expose-gc'];
const unlimited = { RATE_LIMIT_PER_MINUTE: '1000000', ADDRESS_LIMIT_PER_MINUTE: '1000000' };

interface Load {
  readonly app: string;
  readonly name: string;
  readonly requests: number;
  /** At most this many requests a second. */
  readonly perSecond?: number;
  readonly send: (origin: string, n: number) => Promise<Response>;
}

let received = 0;
const receiver = createServer((request, response) => {
  request
    .on('data', (chunk: Buffer) => (received += chunk.length))
    .on('end', () => response.end('{}'));
});
await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
const endpoint = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`;

const gatewayUrl = readState(new Environment('local'))?.gatewayUrl;
if (!gatewayUrl) throw new Error('No system runs. Try: npm start');
let token = '';
const loads: readonly Load[] = [
  {
    app: 'gateway',
    name: 'GET /products/:id, 1 of 20 recorded',
    requests: 2_000,
    send: (origin) => fetch(`${origin}/products/${productId}`),
  },
  {
    app: 'catalog',
    name: 'GET /products/:id, 1 of 20 recorded',
    requests: 2_000,
    send: (origin, n) =>
      fetch(`${origin}/products/${productId}`, { headers: traced(n % 20 === 0) }),
  },
  {
    app: 'ordering',
    name: 'POST /orders, all recorded',
    requests: 100,
    perSecond: ORDERS_PER_SECOND,
    send: placeOrder,
  },
];

console.log(
  `| median of ${rounds} rounds | CPU per request | with traces | more | private memory | more | ready after | more |`,
);
console.log('|---|---|---|---|---|---|---|---|');
for (const load of loads) await compare(load);
console.error(`${Math.round(received / 1_024)} kB of traces received`);
receiver.close();

async function compare({ app, name, ...load }: Load): Promise<void> {
  token = await signIn();
  const { main, env } = runningInstance(app);
  const {
    OTEL_EXPORTER_OTLP_ENDPOINT: _,
    OTEL_EXPORTER_OTLP_HEADERS: __,
    PUBLIC_PORT: ___,
    ...base
  } = env;
  const start = (kind: string, more: Record<string, string> = {}) =>
    startVariant(
      main,
      { ...base, ...unlimited, PORT: '0', PROCESSES: 'web', INSTANCE: `${app}-${kind}`, ...more },
      heap,
    );
  const withTraces = { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint };
  const startMs: number[][] = [[], []];
  for (let n = 0; n < 3; n++)
    for (const [at, more] of [{}, withTraces].entries()) {
      const variant = await start('start', more);
      if (n > 0) startMs[at]!.push(variant.readyMs); // the first one fills the compile cache
      await variant.stop();
    }
  const variants = [await start('off'), await start('on', withTraces)];
  try {
    for (const each of variants) await cpuPerRequest(each, load); // the code gets compiled
    const cpu: number[][] = [[], []];
    for (let round = 0; round < Number(rounds); round++)
      for (const at of round % 2 === 0 ? [0, 1] : [1, 0])
        cpu[at]!.push(await cpuPerRequest(variants[at]!, load));
    await sleep(SETTLE_MS);
    // Each round compares both under the same load of the machine.
    const ratios = cpu[0]!.map((off, round) => (cpu[1]![round]! / off - 1) * 100);
    const own = variants.map(({ pid }) => memoryOf(pid).ownMb);
    const [off, on] = cpu.map(median) as [number, number];
    const [before, after] = startMs.map(median) as [number, number];
    const cells = [
      `${app}: ${name}`,
      `${off.toFixed(3)} ms`,
      `${on.toFixed(3)} ms`,
      `${median(ratios).toFixed(1)} % (${Math.min(...ratios).toFixed(0)} to ${Math.max(...ratios).toFixed(0)})`,
      `${own[0]!.toFixed(0)} MB`,
      `${(own[1]! - own[0]!).toFixed(1)} MB`,
      `${before.toFixed(0)} ms`,
      `${(after - before).toFixed(0)} ms`,
    ];
    console.log(`| ${cells.join(' | ')} |`);
  } finally {
    for (const each of variants) await each.stop();
  }
}

/** Sends the load to one instance. @returns the CPU of its process for each request, in ms */
async function cpuPerRequest(
  { pid, port }: StartedVariant,
  { requests, perSecond, send }: Omit<Load, 'app' | 'name'>,
): Promise<number> {
  const origin = `http://127.0.0.1:${port}`;
  const begun = performance.now();
  const before = cpuMs(pid);
  let next = 0;
  const client = async () => {
    for (let n = next++; n < requests; n = next++) {
      if (perSecond) await sleep(Math.max(0, begun + (n * 1_000) / perSecond - performance.now()));
      const response = await send(origin, n);
      await response.arrayBuffer();
      if (!response.ok) throw new Error(`${origin} returned ${response.status}`);
    }
  };
  await Promise.all(Array.from({ length: CONCURRENT }, client));
  await sleep(2_000); // the spans of this round are exported
  return (cpuMs(pid) - before) / requests;
}

/** The header that the gateway would send. */
function traced(isRecorded: boolean): Record<string, string> {
  const id = randomUUID().replaceAll('-', '');
  return { traceparent: `00-${id}-${id.slice(16)}-0${isRecorded ? 1 : 0}` };
}

function placeOrder(origin: string): Promise<Response> {
  return fetch(`${origin}/orders`, {
    method: 'POST',
    headers: {
      ...traced(true),
      authorization: `Bearer ${token}`,
      'idempotency-key': randomUUID(),
      'content-type': 'application/json',
    },
    body: JSON.stringify({
      lines: [{ productId, quantity: 1 }],
      payment: { token: 'tok_ok' },
      shipTo: { name: 'Ada', street: '1 Main St', city: 'Bern', postalCode: '3000', country: 'CH' },
    }),
  });
}

async function signIn(): Promise<string> {
  const account = { email: `${randomUUID()}@example.com`, password: 'correct horse' };
  const post = async (path: string, body: object) => {
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(gatewayUrl + path, {
      method: 'POST',
      headers,
      body: JSON.stringify(body),
    });
    return (await response.json()) as { accessToken: string };
  };
  await post('/auth/registrations', { ...account, name: 'Ada' });
  return (await post('/auth/tokens', { grantType: 'password', ...account })).accessToken;
}
