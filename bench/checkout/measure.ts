import { setTimeout as sleep } from 'node:timers/promises';
import { closedLoop, type Load, openLoop, signIn } from './load.ts';
import {
  assertInvariants,
  drained,
  type Outcome,
  readOutcome,
  type Sample,
  watchOpen,
} from './outcomes.ts';
import type { Shop } from './shop.ts';
import { readUsage, type Usage, used } from './usage.ts';

const WARM_UP_SECONDS = 5;
const IDLE_MS = 3_000;

export interface MeasureOptions {
  readonly seconds: number;
  readonly oneProduct: boolean;
  readonly signal: AbortSignal;
  /** Closed loop with this many requests under way. */
  readonly inFlight?: number;
  /** Open loop with this many orders a second. */
  readonly rate?: number;
}
export interface Measured {
  readonly name: string;
  readonly placedPerSecond: number;
  /** Completed while orders were placed. */
  readonly completedPerSecond: number;
  /** All completed orders, from the first click to the last completion without the dispatch delay. */
  readonly sustainedPerSecond: number;
  readonly orders: number;
  readonly ends: Readonly<Record<string, number>>;
  readonly failures: Readonly<Record<string, number>>;
  readonly placingMs: Quantiles;
  /** Click to `OrderCompleted`, with the dispatch delay. */
  readonly completionMs: Quantiles;
  readonly open: { readonly start: number; readonly middle: number; readonly end: number };
  /** Growth of the open checkouts a second in the second half of the load. */
  readonly backlogPerSecond: number;
  readonly usage: Usage;
  readonly idle: Usage;
}
export interface Quantiles {
  readonly p50: number;
  readonly p99: number;
}

/** Loads the system, waits until all orders have ended, and checks that nothing was lost or done twice. */
export async function measure(shop: Shop, options: MeasureOptions): Promise<Measured> {
  const { inFlight, rate = 0, signal } = options;
  const gatewayUrl = shop.state.gatewayUrl!;
  const load = { ...options, gatewayUrl, tokens: await signIn(gatewayUrl) };
  const name = inFlight ? `closed loop, ${inFlight} in flight` : `open loop, ${rate}/s`;
  const run = (seconds: number) =>
    inFlight ? closedLoop({ ...load, seconds }, inFlight) : openLoop({ ...load, seconds }, rate);
  const say = progress(name);
  say(`warming up for ${WARM_UP_SECONDS} s`);
  await run(WARM_UP_SECONDS);
  await drained(shop, signal, (open) => say(`warmed up, ${open} open`));
  const resting = await readUsage(shop);
  await sleep(IDLE_MS, undefined, { signal });
  const before = await readUsage(shop);
  const loading = run(options.seconds);
  const samples = await watchOpen(shop, loading, ({ second, open }) =>
    say(`${second} of ${options.seconds} s, ${open} open`),
  );
  const placed = await loading;
  await drained(shop, signal, (open) => say(`draining, ${open} open`));
  const after = await readUsage(shop);
  const outcome = await readOutcome(shop, placed.placed);
  await assertInvariants(shop);
  return {
    name,
    ...results(placed, outcome, samples),
    usage: used(before, after),
    idle: used(resting, before),
  };
}

function results(load: Load, { completedAtMs, ends }: Outcome, samples: readonly Sample[]) {
  const clicks = load.placed.map(({ clickedAtMs }) => clickedAtMs);
  const firstMs = Math.min(...clicks);
  const ended = [...completedAtMs.values()];
  const within = ended.filter((ms) => ms < firstMs + load.seconds * 1_000).length;
  const took = load.placed.flatMap(({ id, clickedAtMs }) => {
    const at = completedAtMs.get(id);
    return at === undefined ? [] : [at - clickedAtMs];
  });
  const lastMs = ended.reduce((last, ms) => Math.max(last, ms), firstMs);
  const half = samples.slice(samples.length >> 1);
  const [start, middle, end] = [samples[0]!, half[0]!, samples.at(-1)!];
  return {
    orders: load.placed.length,
    placedPerSecond: load.placed.length / load.seconds,
    completedPerSecond: within / load.seconds,
    sustainedPerSecond: (ended.length * 1_000) / (lastMs - firstMs - DISPATCH_DELAY_MS),
    ends,
    failures: load.failures,
    placingMs: quantiles(load.placed.map(({ placingMs }) => placingMs)),
    completionMs: quantiles(took),
    open: { start: start.open, middle: middle.open, end: end.open },
    backlogPerSecond: (end.open - middle.open) / Math.max(1, end.second - middle.second),
  };
}

/** The default of shipping; it is no work. */
export const DISPATCH_DELAY_MS = 1_000;

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
