import { AsyncLocalStorage } from 'node:async_hooks';

/** Header with the time at which the caller stops waiting, in milliseconds since 1970 (docs/adr/0039). */
export const DEADLINE_HEADER = 'x-deadline-ms';

const deadlines = new AsyncLocalStorage<number | undefined>();

/** The time at which the caller of the current work stops waiting, in milliseconds since 1970. */
export const currentDeadline = (): number | undefined => deadlines.getStore();

/** Executes work for a caller who waits until `deadlineMs`; undefined for work that several callers share. */
export const withDeadline = <T>(deadlineMs: number | undefined, work: () => T): T =>
  deadlines.run(deadlineMs, work);
