import type { IncomingHttpHeaders } from 'node:http';
import type { Events } from '@fieldguide/platform-host/events';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { ApiProblem } from './problem.ts';
import { isSame, type Sessions } from './sessions.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Needs neither token nor session: the console's files, and signing in. */
    readonly isPublic?: boolean;
  }
}

export interface GuardSettings {
  readonly token: string;
  readonly sessions: Sessions;
  /** Name of the cookie with the session. */
  readonly cookie: string;
  /** Returns accepted values of Host: `127.0.0.1:8090`, `localhost:8090`. */
  readonly hosts: () => readonly string[];
  /** Writes a security event. */
  readonly record: Events['record'];
}

/** No page may frame, embed or interpret a response; a route that serves pages sets a policy of its own. */
const securityHeaders = {
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'x-frame-options': 'DENY',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
};

/**
 * Who may talk to the platform: a program of this user, which can read the token file, and the console in a browser that
 * has signed in. Another page cannot: its requests carry an Origin or Sec-Fetch-Site; and a foreign name that leads to this
 * address (DNS rebinding) shows in Host.
 */
export function guard(api: FastifyInstance, settings: GuardSettings): void {
  const { token, sessions, cookie, hosts, record } = settings;
  api.addHook('onResponse', async (request, { statusCode }) => {
    const { method, url, headers } = request;
    const what = `${method} ${url.split('?', 1)[0]}`;
    if (statusCode === 401 && headers.authorization) record('authn_token_invalid', undefined, what);
    else if (statusCode < 300 && method !== 'GET' && method !== 'HEAD')
      record('authz_admin', headers.authorization ? 'operator' : 'console', what);
  });
  api.addHook('onRequest', async (request, reply) => {
    reply.headers(securityHeaders);
    const { headers } = request;
    if (!hosts().includes(headers.host ?? ''))
      throw new ApiProblem(403, 'hostNotAllowed', 'This API answers on the loopback only.');
    if (headers.origin !== undefined && !hosts().includes(headers.origin.replace('http://', '')))
      throw originNotAllowed();
    if (isSame(headers.authorization?.replace(/^Bearer /, '') ?? '', token)) return;
    assertOwnPage(request);
    if (request.routeOptions.config?.isPublic) return;
    if (sessions.has(readCookie(headers, cookie) ?? '')) return;
    const hint = `open the console with "fieldguide console", or send "Authorization: Bearer <token>" with the token from the file api-token`;
    throw new ApiProblem(401, 'tokenMissing', 'The token is missing or wrong.', hint);
  });
}

/** Refuses what a page of another origin can make a browser send with the session's cookie (CSRF). */
function assertOwnPage({ headers, method, routeOptions }: FastifyRequest): void {
  const site = headers['sec-fetch-site'];
  const isSafe = method === 'GET' || method === 'HEAD';
  // An address that the user opens, or follows from another page, may show public pages only.
  const isNavigation = isSafe && (site === 'none' || routeOptions.config?.isPublic === true);
  if (site !== undefined && site !== 'same-origin' && !isNavigation) throw originNotAllowed();
  const isCookie = headers.cookie !== undefined && headers.authorization === undefined;
  const isOwn = site === 'same-origin' || headers.origin === `http://${headers.host}`;
  if (!isSafe && isCookie && !isOwn) throw originNotAllowed();
}

const originNotAllowed = () =>
  new ApiProblem(403, 'originNotAllowed', 'Requests from other origins are not allowed.');

export function readCookie({ cookie = '' }: IncomingHttpHeaders, name: string): string | undefined {
  const pairs = cookie.split(';').map((pair) => pair.trim());
  return pairs.find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1);
}
