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
