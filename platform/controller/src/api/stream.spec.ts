import { once } from 'node:events';
import { get } from 'node:http';
import Fastify from 'fastify';
import { expect, it, vi } from 'vitest';
import { stream } from './stream.ts';

it('ends with its client, and does not begin for a client that has left before', async () => {
  const begun: string[] = [];
  const ended: string[] = [];
  const arrived = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<void>();
  const left = Promise.withResolvers<void>();
  const api = Fastify();
  const follow = (name: string) => {
    begun.push(name);
    return () => void ended.push(name);
  };
  api.get('/now', (_, reply) => stream(reply, () => follow('now')));
  api.get('/late', async (_, reply) => {
    reply.raw.once('close', left.resolve);
    arrived.resolve();
    await answer.promise;
    return stream(reply, () => follow('late'));
  });
  const url = await api.listen({ port: 0, host: '127.0.0.1' });

  const now = get(`${url}/now`);
  await once(now, 'response');
  now.on('error', () => undefined).destroy();
  await vi.waitUntil(() => ended.includes('now'));
  const late = get(`${url}/late`).on('error', () => undefined);
  await arrived.promise;
  late.destroy();
  await left.promise;
  answer.resolve();
  await api.close();
  expect([begun, ended]).toEqual([['now'], ['now']]);
});
