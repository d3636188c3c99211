import { createServer, type Server } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import { SystemClock } from '@fieldguide/clock';
import { makeLog } from '@fieldguide/telemetry';
import { afterEach, describe, expect, it } from 'vitest';
import { PublicPort } from './public-port.ts';

const clock = new SystemClock();
const log = makeLog('test', 'test', 'silent');
const opened: { close(): unknown }[] = [];
afterEach(() => {
  for (const each of opened.splice(0)) each.close();
});

async function freePort(): Promise<number> {
  const server = createTcpServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** An instance that responds with its name. */
function instance(name: string, port: number): PublicPort {
  const web: Server = createServer((_request, response) => {
    response.setHeader('connection', 'close').end(name);
  });
  const shared = new PublicPort(web, { host: '127.0.0.1', port }, clock, log);
  opened.push({ close: () => shared.drain(0) });
  return shared;
}
const get = async (port: number) => (await fetch(`http://127.0.0.1:${port}/`)).text();

describe('a public port', () => {
  it('stays open while an instance is replaced', async () => {
    const port = await freePort();
    const [first, second] = [instance('first', port), instance('second', port)];
    await first.open();
    expect(await get(port)).toBe('first');
    await second.open();
    await first.drain(1_000);
    await expect.poll(() => second.state().state).toBe('ok');
    await expect.poll(() => get(port)).toBe('second');
  });

  it('that another program holds is awaited, and degrades readiness', async () => {
    const port = await freePort();
    const blocker = createTcpServer();
    await new Promise<void>((resolve) => blocker.listen(port, '127.0.0.1', resolve));
    const late = instance('late', port);
    await late.open();
    expect(late.state()).toMatchObject({ state: 'degraded', detail: 'EADDRINUSE' });
    await new Promise((resolve) => blocker.close(resolve));
    await expect.poll(() => late.state().state).toBe('ok');
    expect(await get(port)).toBe('late');
  });

  it('lets open connections finish', async () => {
    const port = await freePort();
    let answer: (() => void) | undefined;
    const web = createServer((_request, response) => {
      answer = () => response.setHeader('connection', 'close').end('done');
    });
    const shared = new PublicPort(web, { host: '127.0.0.1', port }, clock, log);
    await shared.open();
    const response = get(port);
    await expect.poll(() => answer).toBeDefined();
    let drained = false;
    const draining = shared.drain(10_000).then(() => (drained = true));
    expect(drained).toBe(false);
    answer?.();
    expect(await response).toBe('done');
    await draining;
    await expect(fetch(`http://127.0.0.1:${port}/`)).rejects.toThrow();
  });
});
