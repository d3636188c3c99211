// Measures how flags and settings affect start-up time and memory of an instance, next to a running platform:
// `npm start`, then `npm run bench:footprint [app] [runs]`. Prints the table of docs/reference/footprint.md.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { MEMORY_MB } from '@fieldguide/platform-controller/desired';
import { heapFlags } from '@fieldguide/platform-controller/runner/instance';
import { memoryOf, runningInstance, startVariant } from '../running-instance.ts';

const [app = 'shipping', runs = '3'] = process.argv.slice(2);
const IDLE_MS = 12_000;
const folder = mkdtempSync(join(tmpdir(), 'footprint-'));

interface Measured {
  readonly readyMs: number;
  readonly rssMb: number;
  readonly ownMb: number;
}
interface Variant {
  readonly name: string;
  readonly flags?: readonly string[];
  readonly without?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly main?: string;
}
const heap = heapFlags(MEMORY_MB);
const ours = [...heap, '--expose-gc'];
const malloc = ['MALLOC_ARENA_MAX', 'MALLOC_MMAP_THRESHOLD_', 'MALLOC_TRIM_THRESHOLD_'];

const running = runningInstance(app);
const minified = await minifiedMain();
const variants: readonly Variant[] = [
  { name: 'Node with defaults', without: ['NODE_COMPILE_CACHE', ...malloc] },
  { name: '+ compile cache', without: malloc },
  { name: '+ glibc returns free memory' },
  { name: '+ bounded heap', flags: heap },
  { name: '+ one full collection after the start: **in use**', flags: ours },
  { name: '… --max-semi-space-size=2', flags: [...ours, '--max-semi-space-size=2'] },
  { name: '… --optimize-for-size', flags: [...ours, '--optimize-for-size'] },
  { name: '… --lite-mode', flags: [...ours, '--lite-mode'] },
  { name: '… --jitless', flags: [...ours, '--jitless'] },
  { name: '… --single-threaded-gc', flags: [...ours, '--single-threaded-gc'] },
  { name: '… --v8-pool-size=1', flags: [...ours, '--v8-pool-size=1'] },
  { name: '… UV_THREADPOOL_SIZE=2', flags: ours, env: { UV_THREADPOOL_SIZE: '2' } },
  { name: '… minified bundle', flags: ours, main: minified },
];

console.log(`| ${app}, median of ${runs} | ready after | idle memory (RSS) | private |`);
console.log('|---|---|---|---|');
for (const variant of variants) {
  const results: Measured[] = [];
  await measure(variant, 0); // fill the compile cache for this set of flags
  for (let run = 0; run < Number(runs); run++) results.push(await measure(variant));
  const median = (key: 'readyMs' | 'rssMb' | 'ownMb') =>
    results.map((each) => each[key]).toSorted((a, b) => a - b)[Math.floor(results.length / 2)]!;
  console.log(
    `| ${variant.name} | ${median('readyMs').toFixed(0)} ms | ${median('rssMb').toFixed(0)} MB | ${median('ownMb').toFixed(0)} MB |`,
  );
}
rmSync(folder, { recursive: true });

async function measure(
  { flags = [], without = [], env = {}, main = running.main }: Variant,
  idleMs = IDLE_MS,
) {
  const all: Record<string, string> = {
    ...running.env,
    ...env,
    INSTANCE: `${app}-footprint`,
    PORT: '0',
  };
  for (const name of without) delete all[name];
  const variant = await startVariant(main, all, flags);
  await sleep(idleMs);
  const memory = memoryOf(variant.pid);
  await variant.stop();
  return { readyMs: variant.readyMs, ...memory };
}

async function minifiedMain(): Promise<string> {
  const platform = createRequire(
    new URL('../../platform/controller/package.json', import.meta.url),
  );
  const { minify } = platform('rolldown/experimental') as typeof import('rolldown/experimental');
  const { code } = await minify('main.cjs', readFileSync(running.main, 'utf8'), {
    mangle: false,
    compress: false,
    codegen: { removeWhitespace: true },
  });
  const file = join(folder, 'main.cjs');
  writeFileSync(file, code);
  return file;
}
