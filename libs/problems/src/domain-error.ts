/** The HTTP status a refusal answers with: who are you, not there, not now, not you, not like this, not today. */
const statusOf = {
  unauthenticated: 401,
  notFound: 404,
  conflict: 409,
  notAllowed: 403,
  unprocessable: 422,
  unavailable: 503,
};
export type ErrorKind = keyof typeof statusOf;

/** A rule said no. The code is public and stable (`ordering.orderNotOpen`); the message is for people. */
export class DomainError extends Error {
  override name = 'DomainError';
  readonly code: string;
  readonly kind: ErrorKind;

  constructor(code: string, kind: ErrorKind, message: string) {
    super(message);
    this.code = code;
    this.kind = kind;
  }

  get status(): number {
    return statusOf[this.kind];
  }
}

/**
 * Declares everything a service can refuse as one table, so that it reads like one:
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
