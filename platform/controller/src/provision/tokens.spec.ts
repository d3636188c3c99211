import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { useTestWorkspace } from '@fieldguide/platform-host/testing/workspace';
import { expect, it } from 'vitest';

useTestWorkspace();
const { Environment } = await import('@fieldguide/platform-host/environment');
const { provisionTokens } = await import('./tokens.ts');

it('warns once, and continues, when Consul has its ACLs disabled', async () => {
  const server = createServer((_, response) =>
    response.writeHead(401).end('ACL support disabled'),
  ).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const environment = new Environment('spec-tokens');
  const warned: string[] = [];
  await provisionTokens({ url }, environment, environment.secrets([]), (line) => warned.push(line));
  expect(warned).toEqual([expect.stringContaining('ACLs disabled')]);
  server.close();
});
