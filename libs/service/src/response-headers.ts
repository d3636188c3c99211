import type { FastifyAdapter } from '@nestjs/platform-fastify';

/** Headers of every response: no content sniffing, no framing, no referrer. */
export const securityHeaders = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
} as const;

const PRIVATE = { ...securityHeaders, 'cache-control': 'no-store' } as const;

/**
 * Sets the headers before any handler, which may override them. Responses to requests with a token, or that change
 * state (a sign-in returns tokens), are not cached.
 */
export function setResponseHeaders(adapter: FastifyAdapter): void {
  adapter.getInstance().addHook('onRequest', (request, reply, done) => {
    const isRead = request.method === 'GET' || request.method === 'HEAD';
    const isPublic = isRead && request.headers.authorization === undefined;
    reply.headers(isPublic ? securityHeaders : PRIVATE);
    done();
  });
}
