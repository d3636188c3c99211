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

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Returns the median of the rounds' ratios with its 95% interval (bootstrap with a fixed seed). */
export function ratio(
  ours: readonly number[],
  theirs: readonly number[],
): { median: number; low: number; high: number } {
  const ratios = ours.map((each, round) => each / theirs[round]!);
  let seed = 42;
  const random = () => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return seed / 2_147_483_648;
  };
  const medians = Array.from({ length: 1_000 }, () =>
    median(ratios.map(() => ratios[Math.floor(random() * ratios.length)]!)),
  ).toSorted((a, b) => a - b);
  return { median: median(ratios), low: medians[25]!, high: medians[974]! };
}
