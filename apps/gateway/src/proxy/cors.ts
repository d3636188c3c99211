import cors from '@fastify/cors';
import type { FastifyInstance } from 'fastify';

/**
 * Lets pages of these origins call the API, and responds to their preflight requests. Without origins there is no CORS
 * at all. Tokens are sent in a header, so there are no credentials that a browser would add.
 */
export async function allowOrigins(
  fastify: FastifyInstance,
  origins: readonly string[],
): Promise<void> {
  if (origins.length === 0) return;
  await fastify.register(cors, {
    origin: [...origins],
    methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
    allowedHeaders: [
      ...['Authorization', 'Content-Type', 'Idempotency-Key', 'Consistency-Token'],
      ...['If-Match', 'If-None-Match'],
    ],
    exposedHeaders: [
      ...['ETag', 'Location', 'Consistency-Token', 'Age', 'Cache-Status'],
      ...['Retry-After', 'RateLimit', 'RateLimit-Policy'],
    ],
    maxAge: 600,
    strictPreflight: false,
  });
}
