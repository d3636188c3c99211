import 'reflect-metadata';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { Public } from '@fieldguide/auth';
import { Clock, SystemClock } from '@fieldguide/clock';
import { FixedRegistry, ServiceDiscoveryModule, ServiceRegistry } from '@fieldguide/discovery';
import { Body, Controller, Get, Module, Post } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { z } from 'zod';
import { ServiceModule } from './service.module.ts';
import { ServiceClientModule } from './service-client.module.ts';
import { ServiceClient } from './service-client.ts';
import { openForTest } from './testing/index.ts';

let started = 0;

@Controller('things')
class ThingsController {
  constructor(private readonly peers: ServiceClient) {}

  @Public()
  @Get()
  async read() {
    started += 1;
    const responseSchema = z.object({});
    await this.peers.call({ peer: 'next', path: '/', route: '/', responseSchema });
    return {};
  }

  @Public()
  @Post()
  write(@Body() _body: object) {
    started += 1;
    return {};
  }
}

@Module({
  imports: [
    ServiceModule.forRoot({ name: 'things' }),
    ServiceDiscoveryModule.forRoot(),
    ServiceClientModule.forRoot(),
  ],
  controllers: [ThingsController],
})
class ThingsModule {}

/** The system's clock, put forward. */
class ShiftedClock extends SystemClock {
  shiftedMs = 0;

  override now(): Date {
    return new Date(START + this.shiftedMs);
  }
}
const START = Date.now();
const clock = new ShiftedClock();
const now = () => clock.now().getTime();
let app: NestFastifyApplication;
let next: Server;
let passedOn: unknown;
const held = Promise.withResolvers<void>();
beforeAll(async () => {
  next = createServer((request, response) => {
    passedOn = request.headers['x-deadline-ms'];
    response.end('{}');
  });
  await new Promise<void>((resolve) => next.listen(0, '127.0.0.1', resolve));
  const { port } = next.address() as AddressInfo;
  const instance = { id: 'next', service: 'next', address: '127.0.0.1', port, version: '' };
  const replaced = [
    [Clock, clock],
    [ServiceRegistry, new FixedRegistry([instance])],
  ] as const;
  app = await openForTest(ThingsModule, { replaced });
  const fastify = app.getHttpAdapter().getInstance();
  fastify.addHook(
    'preParsing',
    async ({ headers }) => void (headers['x-held'] && (await held.promise)),
  );
  await app.listen({ port: 0, host: '127.0.0.1' });
});
afterAll(async () => {
  await app.close();
  next.close();
});
beforeEach(() => {
  started = 0;
});
const get = (deadlineMs: unknown) =>
  app.inject({ method: 'GET', url: '/things', headers: { 'x-deadline-ms': String(deadlineMs) } });

it('passes on what is left of the time, at most its own limit', async () => {
  expect((await get(now() + 700)).statusCode).toBe(200);
  expect(Number(passedOn)).toBe(now() + 700);
  await get(now() + 60_000);
  expect(Number(passedOn)).toBe(now() + 2_000);
  await get('soon');
  expect(Number(passedOn)).toBe(now() + 2_000);
});

it('rejects a request whose deadline has passed before any work', async () => {
  const response = await get(now());
  expect(response.statusCode).toBe(504);
  expect(response.json()).toMatchObject({ type: '/problems/deadlineExceeded' });
  expect(started).toBe(0);
});

const post = (...headers: string[]) => {
  const { port } = app.getHttpServer().address() as AddressInfo;
  const socket = connect(port, '127.0.0.1');
  const type = 'Content-Type: application/json';
  const lines = ['POST /things HTTP/1.1', 'Host: x', type, 'Content-Length: 2', ...headers];
  socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  return socket;
};
/** Resolves when the service has received the head of a request. */
const headReceived = () =>
  new Promise<void>((resolve) => app.getHttpServer().once('request', () => resolve()));

it('rejects one whose deadline passes while its body arrives', async () => {
  const received = headReceived();
  const socket = post(`x-deadline-ms: ${now() + 100}`);
  await received;
  clock.shiftedMs += 100;
  const answer = new Promise<string>((resolve) =>
    socket.once('data', (data) => resolve(`${data}`)),
  );
  socket.write('{}');
  expect(await answer).toMatch(/^HTTP\/1.1 504 /);
  expect(started).toBe(0);
  socket.destroy();
});

it('drops one whose caller has left before it starts', async () => {
  const left = new Promise<void>((resolve) =>
    app.getHttpServer().once('request', (_request, response) => response.once('close', resolve)),
  );
  const received = headReceived();
  const { port } = app.getHttpServer().address() as AddressInfo;
  const socket = connect(port, '127.0.0.1');
  socket.write('GET /things HTTP/1.1\r\nHost: x\r\nx-held: 1\r\n\r\n');
  await received;
  socket.destroy();
  await left;
  held.resolve();
  await get(now() + 1_000);
  expect(started).toBe(1);
});
