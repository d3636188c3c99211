import type { FastifyAdapter } from '@nestjs/platform-fastify';

/** For every answer: never guessed at, never framed, no address of ours told to other sites. */
export const securityHeaders = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
} as const;

const PRIVATE = { ...securityHeaders, 'cache-control': 'no-store' } as const;

/**
 * Sets them before any handler, which may set others. What needs a token, and what changes something (a sign-in
 * answers tokens), is kept by no cache.
 */
export function setResponseHeaders(adapter: FastifyAdapter): void {
  adapter.getInstance().addHook('onRequest', (request, reply, done) => {
    const isRead = request.method === 'GET' || request.method === 'HEAD';
    const isPublic = isRead && request.headers.authorization === undefined;
    reply.headers(isPublic ? securityHeaders : PRIVATE);
    done();
  });
}
