import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { Disturbance } from './disturbance.ts';
import { WAITING_BYTES_MAX } from './lane.ts';
import { TcpProxy, type TcpProxySettings } from './tcp-proxy.ts';

const host = '127.0.0.1';
const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

/** Starts an upstream and a proxy before it. */
async function proxied(
  serve: (socket: Socket) => void,
  settings: Partial<TcpProxySettings> = {},
): Promise<{ proxy: TcpProxy; port: number; disturbances: Set<Disturbance> }> {
  const server: Server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => undefined);
    closing.push(() => socket.destroy());
    serve(socket);
  });
  await new Promise<void>((resolve) => server.listen({ host, port: 0 }, resolve));
  const { port: upstreamPort } = server.address() as { port: number };
  const disturbances = new Set<Disturbance>();
  const upstream = () => ({ host, port: upstreamPort });
  const proxy = new TcpProxy({ upstream, disturbances, random: () => 0.5, ...settings });
  const port = await proxy.listen({ host, port: 0 });
  closing.push(
    () => server.close(),
    () => proxy.close(),
  );
  return { proxy, port, disturbances };
}

const echo = (socket: Socket) => void socket.pipe(socket);

function dial(port: number): { socket: Socket; outcome: Promise<string>; text: () => string } {
  const socket = connect({ host, port, allowHalfOpen: true });
  closing.push(() => socket.destroy());
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk;
  });
  const outcome = new Promise<string>((resolve) => {
    socket.once('error', ({ code }: NodeJS.ErrnoException) => resolve(code!));
    socket.once('end', () => resolve('end'));
  });
  return { socket, outcome, text: () => text };
}

describe('a proxy', () => {
  it('passes bytes on, both ways and in order', async () => {
    const { port } = await proxied(echo);
    const { socket, text } = dial(port);
    for (const part of ['a', 'b', 'c']) socket.write(part);
    await expect.poll(text).toBe('abc');
  });

  it('leaves the other direction open when the client ends', async () => {
    const { port } = await proxied((socket) => {
      socket.resume().once('end', () => socket.end('after the end of the request'));
    });
    const { socket, text, outcome } = dial(port);
    socket.end('request');
    expect(await outcome).toBe('end');
    expect(text()).toBe('after the end of the request');
  });

  it('leaves the other direction open when the upstream ends', async () => {
    let received = '';
    const { port } = await proxied((socket) => {
      socket.end('greeting').on('data', (chunk) => {
        received += chunk;
      });
    });
    const { socket, outcome } = dial(port);
    expect(await outcome).toBe('end');
    socket.write('after the end of the response');
    await expect.poll(() => received).toBe('after the end of the response');
  });

  it('delays requests, and keeps their order whatever the jitter', async () => {
    const values = [0, 0.99, 0, 0, 0];
    const { port, disturbances } = await proxied(echo, { random: () => values.shift() ?? 0 });
    disturbances.add({ kind: 'latency', delayMs: 200, jitterMs: 100, percent: 100 });
    const { socket, text } = dial(port);
    const startMs = performance.now();
    socket.write('first ');
    await expect.poll(text).toBe('first ');
    expect(performance.now() - startMs).toBeGreaterThan(290); // 200 + 0.98 × 100
    socket.write('second ');
    socket.write('third');
    await expect.poll(text).toBe('first second third');
  });

  it('disturbs the given share of exchanges', async () => {
    const values = [0.2, 0.7];
    const { port, disturbances } = await proxied(echo, { random: () => values.shift()! });
    disturbances.add({ kind: 'reset', percent: 50 });
    expect(await dialAndSend(port)).toBe('ECONNRESET');
    const { socket, text } = dial(port);
    socket.write('unharmed');
    await expect.poll(text).toBe('unharmed');
  });

  it('resets the connection', async () => {
    const { port, disturbances, proxy } = await proxied(echo);
    disturbances.add({ kind: 'reset', percent: 100 });
    expect(await dialAndSend(port)).toBe('ECONNRESET');
    await expect.poll(() => proxy.connections).toBe(0);
  });

  it('refuses connections and closes open ones, until the fault ends', async () => {
    const { port, disturbances, proxy } = await proxied(echo);
    const open = dial(port);
    await once(open.socket, 'connect');
    const refuse: Disturbance = { kind: 'refuse' };
    disturbances.add(refuse);
    proxy.refresh();
    expect(await open.outcome).toBe('ECONNRESET');
    expect(await dial(port).outcome).toBe('ECONNREFUSED');
    disturbances.delete(refuse);
    proxy.refresh();
    const isOpen = async () => {
      const { socket } = dial(port);
      await once(socket, 'connect');
      return true;
    };
    await expect.poll(() => isOpen().catch(() => false)).toBe(true);
  });

  it('lets open connections finish when it is retired', async () => {
    const { port, proxy } = await proxied(echo);
    const { socket, text } = dial(port);
    socket.write('before ');
    await expect.poll(text).toBe('before ');
    await proxy.retire();
    expect(await dial(port).outcome).toBe('ECONNREFUSED');
    socket.write('after');
    await expect.poll(text).toBe('before after');
  });

  it('responds with an HTTP error, but not to an exempt request', async () => {
    const { port, disturbances, proxy } = await proxied(echo, {
      isExempt: (bytes) => bytes.includes('/health'),
    });
    disturbances.add({ kind: 'http-error', status: 503, percent: 100 });
    const failed = dial(port);
    failed.socket.write('POST /orders HTTP/1.1\r\n\r\n');
    expect(await failed.outcome).toBe('end');
    expect(failed.text()).toMatch(/^HTTP\/1\.1 503 Service Unavailable\r\n[\s\S]*injected fault/);
    failed.socket.end();
    await expect.poll(() => proxy.connections).toBe(0);
    const exempt = dial(port);
    exempt.socket.write('GET /health HTTP/1.1');
    await expect.poll(exempt.text).toBe('GET /health HTTP/1.1');
  });

  it('holds little of what a slow reader does not take', async () => {
    let received = 0;
    let reader: Socket | undefined;
    const { port } = await proxied((socket) => {
      reader = socket.pause().on('data', (chunk: Buffer) => {
        received += chunk.length;
      });
      reader.pause();
    });
    const { socket } = dial(port);
    const total = 64 * 1024 * 1024;
    const block = Buffer.alloc(1024 * 1024);
    let accepted = 0;
    const send = () => {
      while (accepted < total) {
        accepted += block.length;
        if (!socket.write(block)) return;
      }
    };
    socket.on('drain', send);
    send();
    // The client stalls when the buffers of the kernel and of the proxy are full.
    let last = -1;
    await expect
      .poll(
        () => {
          const isStalled = last === socket.bytesWritten - socket.writableLength && last > 0;
          last = socket.bytesWritten - socket.writableLength;
          return isStalled;
        },
        { interval: 300 },
      )
      .toBe(true);
    expect(accepted).toBeLessThan(total);
    reader!.resume();
    await expect.poll(() => received).toBe(total);
  });

  it('holds a bounded number of delayed bytes', async () => {
    let received = 0;
    const { port, disturbances } = await proxied((socket) =>
      socket.on('data', (chunk: Buffer) => {
        received += chunk.length;
      }),
    );
    disturbances.add({ kind: 'latency', delayMs: 500, jitterMs: 0, percent: 100 });
    const { socket } = dial(port);
    const total = 64 * WAITING_BYTES_MAX;
    socket.write(Buffer.alloc(total));
    await expect.poll(() => received).toBeGreaterThan(0);
    expect(received).toBeLessThan(total / 2);
    socket.destroy();
  });

  it('ends the connection of a client whose upstream is gone', async () => {
    const { port } = await proxied((socket) => socket.resetAndDestroy());
    expect(await dialAndSend(port)).toBe('ECONNRESET');
    const nowhere = new TcpProxy({
      upstream: () => ({ host, port: 1 }),
      disturbances: new Set(),
    });
    closing.push(() => nowhere.close());
    expect(await dialAndSend(await nowhere.listen({ host, port: 0 }))).toBe('ECONNRESET');
  });
});

async function dialAndSend(port: number): Promise<string> {
  const { socket, outcome } = dial(port);
  socket.write('request');
  return outcome;
}
