import { BadRequestException } from '@nestjs/common';

export const PROBLEM_JSON = 'application/problem+json';

/** An error response in the format of RFC 9457. `type` is stable; `errors` point at the invalid fields. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail?: string;
  readonly traceId?: string;
  readonly errors?: readonly { readonly pointer: string; readonly detail: string }[];
}

/** Builds a problem; `code` becomes the last part of its `type`. */
export function problem(
  status: number,
  code: string,
  title: string,
  more: Partial<Problem> = {},
): Problem {
  return { type: `/problems/${code}`, title, status, ...more };
}

type Issue = { message: string; path?: readonly unknown[] | undefined };
type IssueWithKeys = Issue & { code?: string; keys?: readonly string[] };

/**
 * The response to a request that fails validation. Nest's own omits the path of the invalid field, which callers need.
 * An unknown field is reported by its own path, not its parent's.
 * @param parameter the name of a path or query parameter, when the issues are about its value
 */
export function toValidationProblem(
  issues: readonly Issue[],
  parameter?: string,
): BadRequestException {
  const root = parameter === undefined ? [] : [parameter];
  const errors = (issues as readonly IssueWithKeys[]).flatMap(
    ({ message, path = [], code, keys }) => {
      const at = [...root, ...path].map((part) =>
        typeof part === 'object' ? (part as { key: unknown }).key : part,
      );
      const places = code === 'unrecognized_keys' && keys ? keys.map((key) => [...at, key]) : [at];
      return places.map((place) => ({
        pointer: place.map((part) => `/${escapeToken(String(part))}`).join(''),
        detail: message,
      }));
    },
  );
  return new BadRequestException(
    problem(400, 'malformedRequest', 'The request cannot be read.', { errors }),
  );
}

/** A token of a JSON Pointer (RFC 6901); the pointer to the whole body is empty. */
function escapeToken(part: string): string {
  return part.replaceAll('~', '~0').replaceAll('/', '~1');
}

/** For errors of Fastify itself (invalid JSON, body too large, …): they carry a status and a public message. */
export function toRequestProblem(error: Error & { statusCode?: number; code?: string }): Problem {
  const { statusCode = 400, code, message: detail } = error;
  return problem(statusCode, codeFrom(code), 'The request cannot be read.', { detail });
}

// FST_ERR_CTP_BODY_TOO_LARGE → bodyTooLarge
function codeFrom(code = 'malformedRequest'): string {
  const words = code
    .replace(/^FST_ERR_(CTP_)?/, '')
    .toLowerCase()
    .split('_');
  return words.map((word, i) => (i ? word[0]?.toUpperCase() + word.slice(1) : word)).join('');
}
