import type { Clock } from '@fieldguide/clock';

const FAILING_AFTER = { failures: 3, ms: 10_000 };

interface Failure {
  readonly failures: number;
  readonly since: number;
  readonly reason: string;
}

/** The partitions whose records could not be handled, for readiness and for the backoff. */
export class PartitionFailures {
  readonly #clock: Clock;
  readonly #failures = new Map<string, Failure>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Failing partitions with the reason, after three failures in a row or ten seconds of failures. */
  get failing(): readonly string[] {
    const now = this.#clock.now().getTime();
    return [...this.#failures]
      .filter(
        ([, { failures, since }]) =>
          failures >= FAILING_AFTER.failures || now - since > FAILING_AFTER.ms,
      )
      .map(([id, { reason }]) => `${id} fails: ${reason}`);
  }

  /** @returns the number of failures in a row */
  failed(id: string, error: Error): number {
    const now = this.#clock.now().getTime();
    const { failures, since } = this.#failures.get(id) ?? { failures: 0, since: now };
    this.#failures.set(id, { failures: failures + 1, since, reason: nameOf(error) });
    return failures + 1;
  }

  succeeded(id: string): void {
    this.#failures.delete(id);
  }

  /** Forgets the partitions that another member reads now. */
  keepOnly(ids: readonly string[]): void {
    for (const id of this.#failures.keys()) if (!ids.includes(id)) this.#failures.delete(id);
  }
}

/** Without the message, which may quote data of the record. */
function nameOf(error: Error): string {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? `${error.name} ${code}` : error.name;
}
