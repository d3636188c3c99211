import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { SigningKeyStatus } from '../keys/key-rotation.ts';
import type { Platform } from '../platform.ts';
import { Problem } from './problem.ts';

/** The routes of the keys that sign access tokens. */
export function keyRoutes({ keys }: Platform): FastifyPluginAsyncZod {
  const response = { 200: z.array(SigningKeyStatus), '4xx': Problem };
  return async (api) => {
    api.get(
      '/keys',
      { schema: { summary: 'The keys that sign access tokens, by their thumbprints', response } },
      async () => keys.keys,
    );
    api.post(
      '/keys/rotations',
      { schema: { summary: 'Rotate the signing key; responds when the new key signs', response } },
      () => keys.rotate(),
    );
  };
}
