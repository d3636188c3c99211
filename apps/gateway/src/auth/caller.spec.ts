import type { TokenVerifier } from '@fieldguide/auth';
import { makeLog } from '@fieldguide/telemetry';
import Fastify from 'fastify';
import { expect, it } from 'vitest';
import { requireToken } from './caller.ts';

it('states when to try again while the keys of identity cannot be fetched', async () => {
  const tokens = {
    verified: () => undefined,
    verify: () => Promise.reject(new Error('connect ECONNREFUSED')),
  } as unknown as TokenVerifier;
  const onRequest = requireToken(tokens, makeLog('test', 'test', 'silent'));
  const server = Fastify();
  server.get('/', { onRequest }, async () => 'reached');
  const { statusCode, headers } = await server.inject({
    url: '/',
    headers: { authorization: 'Bearer a.b.c' },
  });
  expect([statusCode, headers['retry-after']]).toEqual([503, '1']);
});
