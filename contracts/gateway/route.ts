import type { z } from 'zod';

/** What the gateway needs to forward an operation, and its document to describe it. */
export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: `/${string}`;
  /** The service that answers. */
  readonly to: string;
  /** Who may come in; what they may do there is checked again by the service. */
  readonly who: 'anyone' | 'signedIn';
  /** The status of success. */
  readonly status: number;
  readonly summary: string;
  readonly more: {
    readonly operationId: string;
    readonly limit?: 'signIn';
    /** Needs an Idempotency-Key. */
    readonly key?: true;
    /** Needs an If-Match with the version that was read. */
    readonly version?: true;
    /** Takes a Consistency-Token: a read that is not older than a write. */
    readonly consistent?: true;
    /** Every caller gets the same response: the gateway may store it, as the service's Cache-Control permits. */
    readonly cache?: true;
    readonly query?: z.ZodType;
    readonly body?: z.ZodType;
    /** The body is a form, and errors are objects of this shape, as a standard requires. */
    readonly form?: { readonly body: z.ZodType; readonly error: z.ZodType };
    readonly answer?: z.ZodType;
    /** What a successful response has. */
    readonly headers?: readonly ResponseHeader[];
    /** Names of the errors that the service defines and this operation returns. */
    readonly errors?: readonly string[];
  };
}

export type ResponseHeader = 'ETag' | 'Location' | 'Consistency-Token' | 'Age' | 'Cache-Status';

type Words = `${Route['method']} /${string}`;

/** A route without a token. */
export function anyone(
  words: Words,
  to: string,
  status: number,
  summary: string,
  more: Route['more'],
) {
  return route(words, to, 'anyone', status, summary, more);
}

/** A route that needs a token. */
export function signedIn(
  words: Words,
  to: string,
  status: number,
  summary: string,
  more: Route['more'],
) {
  return route(words, to, 'signedIn', status, summary, more);
}

function route(
  words: Words,
  to: string,
  who: Route['who'],
  status: number,
  summary: string,
  more: Route['more'],
): Route {
  const [method, path] = words.split(' ') as [Route['method'], Route['path']];
  return { method, path, to, who, status, summary, more };
}
