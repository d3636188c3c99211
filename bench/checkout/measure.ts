import { setTimeout as sleep } from 'node:timers/promises';
import type { Contender, End } from './contender.ts';
import { closedLoop, type Load, openLoop, signIn } from './load.ts';
import { noteSessions, readUsage, type Usage, used } from './usage.ts';

const SETTLE_MS = 2_000; // garbage and offsets of the load before
const DRAIN_MS = 240_000;

/** A load of `seconds`, with `inFlight` requests under way (a closed loop) or `perSecond` orders (an open one). */
export type LoadKind = {
  readonly name: string;
  readonly seconds: number;
  readonly idleMs: number;
} & ({ readonly inFlight: number } | { readonly perSecond: number });

export interface Measured {
  readonly name: string;
  /** Acknowledged orders. */
  readonly orders: number;
  readonly placedPerSecond: number;
  /** Completed while orders were placed. */
  readonly completedPerSecond: number;
  /** From the first click to the last completion, without the dispatch delay. */
  readonly sustainedPerSecond: number;
  readonly ends: Readonly<Record<string, number>>;
  /** Orders that were not acknowledged, by reason. */
  readonly failures: Readonly<Record<string, number>>;
  readonly placingMs: Quantiles;
  /** From the click to the completion, without the dispatch delay. */
  readonly completionMs: Quantiles;
  /** Orders that have not ended, at the start, in the middle and at the end of the load. */
  readonly open: readonly [start: number, middle: number, end: number];
  /** Growth of the open orders in the second half of the load. */
  readonly growthPerSecond: number;
  /** Until the last order has ended. */
  readonly usage: Usage;
  readonly idle: Usage;
}
export interface Quantiles {
  readonly p50: number;
  readonly p99: number;
}
interface Sample {
  readonly second: number;
  readonly open: number;
}

/** Loads until the code is compiled and the pools are filled. */
export async function warmUp(contender: Contender, seconds: number, signal: AbortSignal) {
  const print = progress('warm-up');
  print(`${seconds} s`);
  const { gatewayUrl } = contender;
  const options = {
    gatewayUrl,
    tokens: await signIn(gatewayUrl),
    seconds,
    oneProduct: false,
    signal,
  };
  await closedLoop(options, 16);
  await drain(contender, signal, print);
}

/**
 * Loads a contender, waits until all orders have ended, and checks that none was lost or done twice.
 * @throws Error when the results are void
 */
export async function measure(
  contender: Contender,
  kind: LoadKind,
  oneProduct: boolean,
  signal: AbortSignal,
): Promise<Measured> {
  const { gatewayUrl } = contender;
  const print = progress(kind.name);
  const tokens = await signIn(gatewayUrl);
  await sleep(SETTLE_MS, undefined, { signal });
  const resting = await readUsage(contender.watched);
  print('idle');
  await sleep(kind.idleMs, undefined, { signal });
  const before = await readUsage(contender.watched);
  const sinceMs = Date.now();
  const options = { gatewayUrl, tokens, seconds: kind.seconds, oneProduct, signal };
  const loading =
    'inFlight' in kind ? closedLoop(options, kind.inFlight) : openLoop(options, kind.perSecond);
  const samples = await watchOpen(contender, loading, ({ second, open }) =>
    print(`${second} of ${kind.seconds} s, ${open} open`),
  );
  const load = await loading;
  await drain(contender, signal, print);
  const after = await readUsage(contender.watched);
  const found = await contender.ends(sinceMs);
  const ends = load.placed.map(({ id }) => {
    const end = found.get(id);
    if (!end) throw new Error(`The acknowledged order ${id} did not end`);
    return end;
  });
  await contender.assertInvariants();
  return {
    name: kind.name,
    ...results(load, ends, samples, contender.dispatchDelayMs),
    usage: used(before, after),
    idle: used(resting, before),
  };
}

async function watchOpen(
  contender: Contender,
  over: Promise<unknown>,
  report: (sample: Sample) => void,
): Promise<readonly Sample[]> {
  const samples: Sample[] = [];
  let isOver = false;
  const finish = () => {
    isOver = true;
  };
  const ended = over.then(finish, finish);
  const startMs = performance.now();
  for (let second = 0; !isOver; second++) {
    const sample = { second, open: await contender.countOpen() };
    samples.push(sample);
    noteSessions(contender.watched);
    report(sample);
    await Promise.race([ended, sleep(startMs + (second + 1) * 1_000 - performance.now())]);
  }
  return samples;
}

async function drain(contender: Contender, signal: AbortSignal, print: (line: string) => void) {
  const endMs = performance.now() + DRAIN_MS;
  for (;;) {
    signal.throwIfAborted();
    const open = await contender.countOpen();
    print(`${open} open`);
    noteSessions(contender.watched);
    if (open === 0 && (await contender.isQuiet())) return;
    if (performance.now() > endMs) throw new Error(`${open} orders are open after ${DRAIN_MS} ms`);
    await sleep(250);
  }
}

function results(
  { placed, failures, seconds }: Load,
  ends: readonly End[],
  samples: readonly Sample[],
  delayMs: number,
) {
  const firstMs = Math.min(...placed.map(({ clickedAtMs }) => clickedAtMs));
  const completed = ends.flatMap(({ end, atMs }, n) => (end === 'completed' ? [{ atMs, n }] : []));
  const lastMs = completed.reduce((last, { atMs }) => Math.max(last, atMs), firstMs);
  const meanwhile = completed.filter(({ atMs }) => atMs < firstMs + seconds * 1_000);
  const second = samples.slice(samples.length >> 1);
  const [start, middle, end] = [samples[0]!, second[0]!, samples.at(-1)!];
  const byEnd = Object.groupBy(ends, (each) => each.end);
  return {
    orders: placed.length,
    placedPerSecond: placed.length / seconds,
    completedPerSecond: meanwhile.length / seconds,
    sustainedPerSecond: (completed.length * 1_000) / (lastMs - firstMs - delayMs),
    ends: Object.fromEntries(Object.entries(byEnd).map(([name, all]) => [name, all!.length])),
    failures,
    placingMs: quantiles(placed.map(({ placingMs }) => placingMs)),
    completionMs: quantiles(
      completed.map(({ atMs, n }) => atMs - placed[n]!.clickedAtMs - delayMs),
    ),
    open: [start.open, middle.open, end.open] as const,
    growthPerSecond: (end.open - middle.open) / Math.max(1, end.second - middle.second),
  };
}

function quantiles(values: readonly number[]): Quantiles {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.floor((sorted.length - 1) * share)] ?? Number.NaN;
  return { p50: at(0.5), p99: at(0.99) };
}

/** Prints at most a line a second. */
function progress(name: string): (line: string) => void {
  let lastMs = 0;
  return (line) => {
    if (performance.now() - lastMs < 950) return;
    lastMs = performance.now();
    process.stderr.write(`  ${name}: ${line}\n`);
  };
}
