import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import { fastify } from 'fastify';
import { expect, it } from 'vitest';
import { limitAddresses } from './rate-limits.ts';

it('counts a request whose client has left: its connection has no address any more', async () => {
  const server = fastify();
  const errors: Error[] = [];
  const handled = Promise.withResolvers<void>();
  server.setErrorHandler((error: Error, _request, reply) => {
    errors.push(error);
    handled.resolve();
    return reply.send();
  });
  server.addHook('onRequest', async ({ raw }) => void (await once(raw.socket, 'close')));
  limitAddresses(server, { ADDRESS_LIMIT_PER_MINUTE: 1 } as never);
  server.addHook('onRequest', async () => handled.resolve());
  server.get('/', async () => 'ok');
  await server.listen({ port: 0, host: '127.0.0.1' });
  const { port } = server.server.address() as AddressInfo;
  const client = connect(port, '127.0.0.1', () =>
    client.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n'),
  );
  await once(server.server, 'request');
  client.destroy();
  await handled.promise;
  expect(errors).toEqual([]);
  await server.close();
});
