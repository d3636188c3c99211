import { median } from '../statistics.ts';

/** Results of one block of work: throughput, latencies, and CPU time of this process per call. */
export interface Block {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly cpuMicros: number;
}

/** Runs `work` with `inFlight` concurrent calls for about `forMs`. */
export async function block(
  work: (n: number) => Promise<unknown>,
  inFlight: number,
  forMs: number,
): Promise<Block> {
  const took: number[] = [];
  const cpu = process.cpuUsage();
  const startMs = performance.now();
  const end = startMs + forMs;
  let next = 0;
  const worker = async () => {
    while (performance.now() < end) {
      const at = performance.now();
      await work(next++);
      took.push(performance.now() - at);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, worker));
  const { user, system } = process.cpuUsage(cpu);
  const seconds = (performance.now() - startMs) / 1_000;
  return {
    perSecond: took.length / seconds,
    p50Ms: median(took),
    p99Ms: took.toSorted((a, b) => a - b)[Math.floor(took.length * 0.99)]!,
    cpuMicros: (user + system) / took.length,
  };
}
