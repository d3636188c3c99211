/** The kind of a domain error, which determines its HTTP status. */
const statusOf = {
  unauthenticated: 401,
  notFound: 404,
  conflict: 409,
  notAllowed: 403,
  unprocessable: 422,
  throttled: 429,
  unavailable: 503,
};
export type ErrorKind = keyof typeof statusOf;

/** A business rule was violated. The code is public and stable (`ordering.orderNotOpen`); the message is for people. */
export class DomainError extends Error {
  override name = 'DomainError';
  readonly code: string;
  readonly kind: ErrorKind;
  /** When to try again: the response has a `retry-after` header. */
  retryAfterSeconds: number | undefined;

  constructor(code: string, kind: ErrorKind, message: string) {
    super(message);
    this.code = code;
    this.kind = kind;
  }

  get status(): number {
    return statusOf[this.kind];
  }

  /** @param seconds whole seconds after which a repeat is likely to succeed */
  retryAfter(seconds: number): this {
    this.retryAfterSeconds = seconds;
    return this;
  }
}

/**
 * Declares the domain errors of a service as a table:
 * `defineErrors('ordering', { orderNotOpen: ['conflict', 'Only an open order can be changed.'] })`.
 */
export function defineErrors<const Table extends Record<string, readonly [ErrorKind, string]>>(
  owner: string,
  table: Table,
) {
  const entries = Object.entries(table).map(([code, [kind, message]]) => [
    code,
    (detail?: string) =>
      new DomainError(`${owner}.${code}`, kind, detail ? `${message} ${detail}` : message),
  ]);
  return Object.fromEntries(entries) as {
    readonly [Code in keyof Table]: (detail?: string) => DomainError;
  };
}
