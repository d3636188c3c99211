/** The call failed: no connection, timeout, breaker open, too many concurrent calls, or an error of the call itself. */
export class CallFailedError extends Error {
  override name = 'CallFailedError';
  /** True when nothing was sent, because the breaker is open or too many calls are in progress. */
  readonly shortCircuited: boolean;

  constructor(name: string, error: unknown) {
    const cause = reasonOf(error);
    const known = shortCircuits[(cause as { code?: string }).code ?? ''];
    super(`${name}: ${known ?? (cause as Error).message}`, { cause });
    this.shortCircuited = known !== undefined;
  }
}

const TOO_MANY = 'ESEMLOCKED';
const shortCircuits: Readonly<Record<string, string | undefined>> = {
  EOPENBREAKER: 'the circuit breaker is open',
  [TOO_MANY]: 'too many calls are in progress',
};

/**
 * Thrown by a call whose failure does not concern the health of the dependency: it has responded, or the
 * caller aborted the call. The breaker does not count it, and it is not retried.
 */
export class UncountedError extends Error {
  override name = 'UncountedError';
}

/** The caller left, or does not wait any longer: nothing is known about the dependency. */
export class AbandonedError extends UncountedError {
  override name = 'AbandonedError';
}

/** The deadline of the caller has passed: nothing was sent. */
export class DeadlineExceededError extends AbandonedError {
  override name = 'DeadlineExceededError';

  constructor() {
    super('the deadline of the caller has passed');
  }
}

/** The request was not sent, because there was no connection: repeating it is safe, whatever its method. */
export class UnsentError extends Error {
  override name = 'UnsentError';
}

/** One instance failed and was ejected while others serve: it may be repeated, and the breaker does not count it. */
export class InstanceFailedError extends Error {
  override name = 'InstanceFailedError';

  constructor(reason: unknown) {
    super((reason as Error).message, { cause: reason });
  }
}

/** The failure itself, whether it concerns one instance or the service. */
export const reasonOf = (error: unknown): unknown =>
  error instanceof InstanceFailedError ? error.cause : error;

/** Whether the breaker does not count a failure. A trial call that proves nothing does not close it. */
export const isUncounted = (error: unknown, isTrial: boolean): boolean =>
  error instanceof AbandonedError
    ? !isTrial
    : error instanceof UncountedError ||
      error instanceof InstanceFailedError ||
      (error as { code?: string }).code === TOO_MANY;

/** Whether a status means that a dependency is unreachable or overloaded; any other concerns only this request. */
export const isOutage = (status: number): boolean => status >= 502 && status <= 504;
