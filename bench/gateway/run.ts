// `npm run bench:gateway [-- --rounds 10] [--against FOLDER]` compares the CPU of the gateway for a proxied GET, with all that
// it does, with proxies that do nothing else. Exits with 1 when the goal is missed.
import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { table } from '@fieldguide/platform-cli/screen/tables';
import { Command } from 'commander';
import { atMost, control, type Line, print, reported } from '../event-store/report.ts';
import { cpuMs } from '../running-instance.ts';
import { median, ratio } from '../statistics.ts';
import {
  cores,
  gateway,
  nginx,
  nodeProxy,
  pin,
  type RunningProxy,
  stageGateway,
} from './contenders.ts';
import type { Load, LoadResult } from './load.ts';
import type { Surroundings } from './upstream.ts';

const { rounds, requests, only, artifact, against } = new Command('npm run bench:gateway --')
  .description('Measure the CPU of the gateway for a proxied GET against other proxies (Linux)')
  .option('--rounds <n>', 'Number of measurements of each', '12')
  .option('--requests <n>', 'Requests of each measurement', '3000')
  .option('--only <text>', 'Measure only the rows whose name contains this text')
  .option('--artifact <folder>', 'Measure this artifact, not one of the present sources')
  .option('--against <folder>', 'Also measure an earlier artifact of the gateway')
  .parse()
  .opts<{
    rounds: string;
    requests: string;
    only?: string;
    artifact?: string;
    against?: string;
  }>();

const GOAL = 1;
const WARM_UPS = 5;
const EXPORTED_MS = 1_200; // the exporter of traces waits a second
const BARE = 'bare node:http';
const TOKEN = 'gateway, with a token';
const CACHED = 'gateway, cached public GET';
const browser = {
  'user-agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
  accept: 'application/json',
  'accept-language': 'en-GB,en;q=0.8',
  'accept-encoding': 'gzip, deflate, br',
};

if (cpus().length < 2) throw new Error('The benchmark needs two cores: one for the load.');
const folder = mkdtempSync(join(tmpdir(), 'bench-gateway-'));
const [upstreamProcess, around] = await started<Surroundings>('upstream.ts');
const [loadProcess] = await started('load.ts');
const { token, bodyBytes } = around;
const stock = { path: '/stock/01900000-0000-7000-8000-000000000001', headers: browser };
const product = { path: '/products/01900000-0000-7000-8000-000000000001', headers: browser };
const signedIn = {
  path: '/orders/01900000-0000-7000-8000-000000000002',
  headers: { ...browser, authorization: `Bearer ${token}` },
};

interface Row {
  readonly name: string;
  readonly proxy: RunningProxy | undefined;
  readonly request: Pick<Load, 'path' | 'headers'>;
  readonly settleMs?: number;
}
const running: RunningProxy[] = [];
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(
    signal,
    () => void Promise.all(running.map((each) => each.stop())).then(() => process.exit(1)),
  );
const rows = await contenders();
const samples = new Map(rows.map(({ name }) => [name, [] as (LoadResult & { cpu: number })[]]));
try {
  const measured = rows.filter(({ proxy }) => proxy !== undefined);
  for (let n = 0; n < WARM_UPS; n++) for (const row of measured) await block(row);
  for (let round = 0; round < Number(rounds); round++) {
    process.stderr.write(`  round ${round + 1} of ${rounds} …\n`);
    for (const row of round % 2 === 0 ? measured : measured.toReversed())
      samples.get(row.name)!.push(await block(row));
  }
} finally {
  for (const proxy of running) await proxy.stop();
  loadProcess.disconnect();
  upstreamProcess.disconnect();
  rmSync(folder, { recursive: true, force: true });
}
const lines = report();
print(lines);
process.exitCode = lines.some(({ verdict }) => verdict === 'missed') ? 1 : 0;

async function contenders(): Promise<readonly Row[]> {
  const start = async <P extends RunningProxy | undefined>(proxy: Promise<P>): Promise<P> => {
    const own = await proxy;
    if (own) running.push(own);
    return own;
  };
  const node = async (name: string, proxy = name) =>
    isWanted(name) ? [{ name, proxy: await start(nodeProxy(proxy, around)), request: stock }] : [];
  const ours = await start(gateway(artifact ?? stageGateway(), around, folder));
  const earlier = against && (await start(gateway(against, around, folder)));
  const settleMs = EXPORTED_MS;
  return [
    ...(await node(BARE)),
    ...(await node(`${BARE} again`, BARE)),
    { name: 'gateway, without a token', proxy: ours, request: stock, settleMs },
    { name: TOKEN, proxy: ours, request: signedIn, settleMs },
    { name: CACHED, proxy: ours, request: product, settleMs },
    ...(earlier
      ? [
          { name: 'earlier gateway, no token', proxy: earlier, request: stock, settleMs },
          { name: 'earlier gateway, with a token', proxy: earlier, request: signedIn, settleMs },
        ]
      : []),
    { name: 'nginx', proxy: await start(nginx(around, folder)), request: stock },
    ...(await node('undici dispatch')),
    ...(await node('@fastify/http-proxy')),
    ...(await node('fast-proxy')),
  ].filter(({ name }) => isWanted(name));
}

function isWanted(name: string): boolean {
  return !only || name.includes(only) || name === BARE;
}

/** Sends one block of requests to one proxy, and counts the CPU of all its processes. */
async function block({ name, proxy, request, settleMs = 0 }: Row) {
  const { port, pids } = proxy!;
  const cpu = () => pids().reduce((sum, pid) => sum + cpuMs(pid), 0);
  const before = cpu();
  const load: Load = { port, ...request, requests: Number(requests), bodyBytes };
  const result = await new Promise<LoadResult>((resolve, reject) => {
    const exited = (code: number | null) => reject(new Error(`The load exited with ${code}`));
    loadProcess.once('exit', exited).once('message', (message) => {
      loadProcess.off('exit', exited);
      resolve(message as LoadResult);
    });
    loadProcess.send(load);
  });
  await sleep(settleMs);
  if (result.fault) throw new Error(`${name}: ${result.fault}`);
  if (name !== CACHED && result.cacheHits > 0) throw new Error(`${name}: served from a cache`);
  return { ...result, cpu: ((cpu() - before) / load.requests) * 1_000 };
}

function report(): readonly Line[] {
  const of = (name: string) => samples.get(name)!.map(({ cpu }) => cpu);
  const isCached = samples.get(CACHED)?.every(({ cacheHits }) => cacheHits >= Number(requests) - 1);
  const title = (name: string) => (name === CACHED && !isCached ? `${name}: not cached` : name);
  const cells = rows.map(({ name }) => {
    const own = samples.get(name)!;
    if (own.length === 0) return [name, 'skipped: not installed'];
    const typical = (key: keyof LoadResult) => median(own.map((each) => Number(each[key])));
    return [
      title(name),
      median(of(name)).toFixed(0),
      typical('p50Ms').toFixed(1),
      typical('p99Ms').toFixed(1),
      typical('perSecond').toFixed(0),
    ];
  });
  console.log(`${table(['PROXY', 'CPU µs', 'P50 ms', 'P99 ms', 'PER SECOND'], cells)}\n`);
  return rows
    .filter(({ name }) => name !== BARE)
    .map(({ name }): Line => {
      const what = `${title(name)} : ${BARE}`;
      if (of(name).length === 0)
        return { what, value: 'not installed: apt-get install nginx-light', verdict: 'skipped' };
      const value = ratio(of(name), of(BARE));
      if (name === `${BARE} again`) return control(what, value);
      return name === TOKEN ? atMost(what, value, GOAL) : reported(what, value);
    });
}

/** Starts a process on the core of the load, and waits for its first message, if it sends one. */
async function started<Message>(name: string): Promise<[ChildProcess, Message]> {
  const child = fork(join(import.meta.dirname, name), { execArgv: [] });
  pin(child.pid!, cores.load);
  if (name === 'load.ts') return [child, undefined as Message];
  const message = new Promise<Message>((resolve) =>
    child.once('message', (first) => resolve(first as Message)),
  );
  return [child, await message];
}
