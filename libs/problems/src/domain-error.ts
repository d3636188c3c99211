/** The HTTP status a refusal answers with: who are you, not there, not now, not you, not like this, not today. */
const statusOf = {
  unauthenticated: 401,
  notFound: 404,
  conflict: 409,
  notAllowed: 403,
  unprocessable: 422,
  unavailable: 503,
};
export type RefusalKind = keyof typeof statusOf;

/** A rule said no. The code is public and stable (`ordering.orderNotOpen`); the message is for people. */
export class RuleBroken extends Error {
  override name = 'RuleBroken';
  readonly code: string;
  readonly kind: RefusalKind;

  constructor(code: string, kind: RefusalKind, message: string) {
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
 * `refusals('ordering', { orderNotOpen: ['conflict', 'Only an open order can be changed.'] })`.
 */
export function refusals<const Table extends Record<string, readonly [RefusalKind, string]>>(
  owner: string,
  table: Table,
) {
  const entries = Object.entries(table).map(([code, [kind, message]]) => [
    code,
    (detail?: string) =>
      new RuleBroken(`${owner}.${code}`, kind, detail ? `${message} ${detail}` : message),
  ]);
  return Object.fromEntries(entries) as {
    readonly [Code in keyof Table]: (detail?: string) => RuleBroken;
  };
}
