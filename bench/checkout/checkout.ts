// `npm run bench:checkout [-- --help]` measures the checkout: throughput, latency, and what one order costs each process.
import { writeFileSync } from 'node:fs';
import { Command } from 'commander';
import { type Measured, measure } from './measure.ts';
import { table } from './report.ts';
import { Shop } from './shop.ts';

const options = new Command('npm run bench:checkout --')
  .description('Measure throughput, latency and cost of the checkout of a freshly started system')
  .option('--seconds <n>', 'Duration of each load', Number, 60)
  .option('--in-flight <n>', 'Order requests under way in the closed loop', Number, 64)
  .option('--rate <n>', 'Orders per second of the open loop; 0 for none', Number, 60)
  .option('--one-product', 'Order one product only, so that its stock is contended')
  .option('--folder <path>', 'Checkout of this repository to start', '.')
  .option('--running <env>', 'Measure the system that runs in this environment of the checkout')
  .option('--json <file>', 'Also write the results as JSON')
  .parse()
  .opts<{
    seconds: number;
    inFlight: number;
    rate: number;
    oneProduct?: boolean;
    folder: string;
    running?: string;
    json?: string;
  }>();

const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.on(signal, () => stop.abort(new Error(`Stopped by ${signal}`)));

let shop: Shop | undefined;
try {
  shop = options.running
    ? await Shop.attach(options.folder, options.running)
    : await Shop.start(options.folder, stop.signal);
  const load = { ...options, oneProduct: options.oneProduct ?? false, signal: stop.signal };
  const measured: Measured[] = [await measure(shop, { ...load, inFlight: options.inFlight })];
  if (options.rate > 0) measured.push(await measure(shop, { ...load, rate: options.rate }));
  for (const each of measured) console.log(table(each));
  if (options.json) writeFileSync(options.json, JSON.stringify(measured, null, 2));
} catch (error) {
  console.error(`The results are void: ${(error as Error).message}`);
  process.exitCode = 1;
} finally {
  await shop?.close();
}
