/** What the database shows about the orders of all instances, since the sample before. */
export interface BacklogSample {
  readonly seconds: number;
  /** Orders that wait for inventory or payments now. */
  readonly waiting: number;
  /** Orders placed by all instances, and by this one. */
  readonly placed: number;
  readonly placedHere: number;
  /** Orders that inventory and payments have finished with. */
  readonly answered: number;
}

export interface Bounds {
  /** A new order may be expected to wait this long. */
  readonly waitSecondsMax: number;
  /** This many orders may wait, whatever the expected wait is. */
  readonly waitingMin: number;
}

/** What one process may do until the next sample. */
export interface Allowance {
  /** Orders that inventory and payments finish with in a second, while orders wait for them. */
  readonly answeredPerSecond: number;
  /** By Little's law, how long a new order waits: the orders ahead of it, at that rate. */
  readonly waitSeconds: number;
  /** Orders that this process may admit. */
  readonly room: number;
}

// A new rate counts for 30 % after a second, for 83 % after five: a pause of a second or two changes little.
const KEPT_PER_SECOND = 0.7;
const RETRY_SECONDS_MAX = 60;

/** @param before the allowance of the last sample; undefined at the first one */
export function allowanceAfter(
  before: Allowance | undefined,
  sample: BacklogSample,
  { waitSecondsMax, waitingMin }: Bounds,
): Allowance {
  const { waiting, placed, placedHere } = sample;
  const answeredPerSecond = rateAfter(before?.answeredPerSecond, sample, waitingMin);
  const waitSeconds = waiting === 0 ? 0 : waiting / answeredPerSecond;
  const roomForAll = Math.max(waitingMin, answeredPerSecond * waitSecondsMax) - waiting;
  // Instances decide on their own: each takes the part of the room that it took of the orders before; at first, half.
  const share = Math.min(1, (placedHere + 1) / (placed + 2));
  const room = Math.floor(Math.max(waitingMin - waiting, roomForAll * share, 0));
  return { answeredPerSecond, waitSeconds, room };
}

/** The rate falls only while orders wait: otherwise the services could finish more than they get. */
function rateAfter(
  before: number | undefined,
  { seconds, waiting, answered }: BacklogSample,
  waitingMin: number,
): number {
  const rate = seconds > 0 ? answered / seconds : 0;
  if (before === undefined) return rate;
  if (rate < before && waiting < waitingMin) return before;
  return rate + (before - rate) * KEPT_PER_SECOND ** seconds;
}

/**
 * Whole seconds after which a refused order is likely to be admitted: the expected wait, by which the orders that wait now
 * are finished. It differs by half of it to both sides, by the order's id, so that refused orders do not return together.
 */
export function retryAfterSeconds(waitSeconds: number, orderId: string): number {
  const spread = 0.5 + Number.parseInt(orderId.slice(0, 8), 16) / 2 ** 32;
  return Math.min(RETRY_SECONDS_MAX, Math.max(1, Math.ceil(waitSeconds * spread)));
}
