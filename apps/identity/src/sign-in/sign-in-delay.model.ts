const MINUTE_MS = 60_000;
const FIRST_DELAY_MS = 30_000;
const DELAY_MS_MAX = 15 * MINUTE_MS;

/** `free`: failures without a delay; after `periodMs` the count starts again. */
export interface Allowance {
  readonly free: number;
  readonly periodMs: number;
}

/** NIST 800-63B permits 100 failures of an account; with the delays below these are about 100 a day. */
export const ofAccount: Allowance = { free: 5, periodMs: 24 * 60 * MINUTE_MS };
/** Many people can share an address. */
export const ofAddress: Allowance = { free: 100, periodMs: 60 * MINUTE_MS };

/** The delay after this many failures: 30 s after the last free one, doubled by each further one, at most 15 minutes. */
export function delayMs(failures: number, { free }: Allowance): number {
  return failures < free ? 0 : Math.min(DELAY_MS_MAX, FIRST_DELAY_MS * 2 ** (failures - free));
}
