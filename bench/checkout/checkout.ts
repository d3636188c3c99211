// `npm run bench:checkout -- --help`: throughput, latency and cost of the checkout.
import { writeFileSync } from 'node:fs';
import { Command, InvalidArgumentError } from 'commander';
import type { Contender } from './contender.ts';
import { type LoadKind, type Measured, measure, warmUp } from './measure.ts';
import { floor } from './naive/floor.ts';
import { startNaiveShop } from './naive/naive-shop.ts';
import { startOneProcess } from './one-process/one-process-shop.ts';
import { report } from './report.ts';
import { rounds } from './rounds.ts';
import { Shop } from './shop.ts';

const options = new Command('npm run bench:checkout --')
  .description(
    'Measure throughput, latency and cost of the checkout. Starts the system with empty databases (environment "bench").',
  )
  .option('--seconds <n>', 'Duration of each load', number, 60)
  .option(
    '--in-flight <n>',
    'Order requests under way in the closed loop; 0: no closed loop',
    number,
    16,
  )
  .option('--rate <n>', 'Orders per second of the open loop; 0: no open loop', number, 60)
  .option('--alone', 'Also measure one order alone: five orders, ten seconds apart')
  .option('--statements', 'Also count SQL statements (starts PostgreSQL with pg_stat_statements)')
  .option('--one-product', 'Order one product only, so that orders compete for its stock')
  .option('--warm-up <n>', 'Duration of the load before', number, 10)
  .option('--folder <path>', 'Checkout of this repository to measure', '.')
  .option('--running <env>', 'Measure what already runs in this environment, and do not start it')
  .option('--against <path>', 'Another checkout of this repository to compare with, in turn')
  .option('--rounds <n>', 'Number of rounds of a comparison', number, 6)
  .option('--compare', 'Also measure one process, a naive checkout, and the least SQL with pgbench')
  .option('--json <file>', 'Also write the results as JSON')
  .addHelpText(
    'after',
    '\nExits with 1 when an order is lost, or money or stock is wrong: then the results are void.',
  )
  .parse()
  .opts<{
    seconds: number;
    inFlight: number;
    rate: number;
    alone?: true;
    statements?: true;
    oneProduct?: true;
    warmUp: number;
    folder: string;
    running?: string;
    against?: string;
    rounds: number;
    compare?: true;
    json?: string;
  }>();
const { seconds, inFlight, rate, oneProduct = false, statements = false } = options;

const IDLE_MS = 5_000;
/** The naive shop accepts orders many times faster than it completes them: a short load keeps it busy for long. */
const NAIVE = {
  warmUpSeconds: 0.2,
  load: { name: '100/s', perSecond: 100, seconds: 10, idleMs: IDLE_MS },
};
const loads: LoadKind[] = [];
if (inFlight > 0) loads.push({ name: `${inFlight} in flight`, inFlight, seconds, idleMs: IDLE_MS });
if (rate > 0) loads.push({ name: `${rate}/s`, perSecond: rate, seconds, idleMs: IDLE_MS });
if (options.alone)
  loads.push({ name: 'one order alone', perSecond: 0.1, seconds: 50, idleMs: 20_000 });

const stop = new AbortController();
const { signal } = stop;
for (const each of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.on(each, () => stop.abort(new Error(`stopped by ${each}`)));

const opened: Contender[] = [];
const results: unknown[] = [];
try {
  const ours = await open(options.folder, 'bench');
  if (options.against) {
    const other = await open(options.against, 'bench-against');
    for (const kind of loads) {
      const { table, measured } = await rounds(
        [ours, other],
        options.rounds,
        kind,
        oneProduct,
        signal,
      );
      console.log(table);
      results.push(measured);
    }
  } else await measureAll('shop', ours, loads);
  if (options.compare) await compare(ours);
  if (options.json) writeFileSync(options.json, JSON.stringify(results, null, 2));
} catch (error) {
  console.error(`No valid results: ${(error as Error).message}`);
  process.exitCode = 1;
} finally {
  for (const each of opened.toReversed()) await each.close();
}

async function open(folder: string, env: string): Promise<Shop> {
  const shop =
    options.running && env === 'bench'
      ? await Shop.attach(folder, options.running)
      : await Shop.start(folder, { env, statements, signal });
  return prepare(shop);
}

async function prepare<Kind extends Contender>(
  contender: Kind,
  seconds = options.warmUp,
): Promise<Kind> {
  opened.push(contender);
  await warmUp(contender, seconds, signal);
  return contender;
}

async function measureAll(
  title: string,
  contender: Contender,
  kinds: readonly LoadKind[],
): Promise<void> {
  for (const kind of kinds) {
    const measured: Measured = await measure(contender, kind, oneProduct, signal);
    console.log(report(title, measured));
    results.push({ title, ...measured });
  }
}

/** On PostgreSQL and Kafka of the shop, which idles meanwhile. */
async function compare(shop: Shop): Promise<void> {
  const one = await prepare(await startOneProcess(shop.watched, shop.postgresUrl));
  await measureAll('one process', one, loads);
  const naive = await startNaiveShop(shop.watched, shop.postgresUrl);
  await measureAll('naive', await prepare(naive, NAIVE.warmUpSeconds), [NAIVE.load]);
  const perSecond = await floor(shop.postgresUrl, 10);
  const text = perSecond ? `${perSecond.toFixed(0)} orders/s` : 'pgbench is not installed';
  console.log(`\nLeast SQL of an order, by pgbench with 16 connections: ${text}`);
}

function number(text: string): number {
  const value = Number(text);
  if (!(value >= 0)) throw new InvalidArgumentError('It must be a number, at least 0.');
  return value;
}
