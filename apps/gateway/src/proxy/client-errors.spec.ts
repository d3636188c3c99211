import type { RequestListener } from 'node:http';
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import {
  breakerOf,
  callsOf,
  type RunningGateway,
  rawUpstream,
  runGateway,
  talk,
  type Upstream,
  upstream,
} from '../testing/running-gateway.ts';

// More than a breaker needs to judge.
const TIMES = 8;
const CLOSED = 0;
const OPEN = 2;

let service: Upstream | undefined;
let gateway: RunningGateway;
let received = 0;
afterEach(async () => {
  await gateway.close();
  await service?.close();
  received = 0;
});

async function start(listener: RequestListener, env: Record<string, string> = {}): Promise<void> {
  service = await upstream((request, response) => {
    received += 1;
    listener(request, response);
  });
  gateway = await runGateway(service.port, env);
}
const ok: RequestListener = (request, response) =>
  request.resume().on('end', () => response.end('{"ok":true}'));

const signIn = (headers: string, body: string) =>
  `POST /auth/tokens HTTP/1.1\r\nHost: shop\r\nConnection: close\r\nContent-Type: application/json\r\n${headers}\r\n\r\n${body}`;
const good = signIn('Content-Length: 2', '{}');
const chunk = (bytes: number) => `${bytes.toString(16)}\r\n${'x'.repeat(bytes)}\r\n`;

async function expectProblem(response: string, status: number): Promise<void> {
  expect(response).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  expect(response.toLowerCase()).toContain('content-type: application/problem+json');
  expect(response).toContain(`"status":${status}`);
}
async function expectServiceUnharmed(): Promise<void> {
  expect(await talk(gateway.port, good)).toMatch(/^HTTP\/1.1 200 /);
  expect(await breakerOf('identity')).toBe(CLOSED);
}
/** The same request again and again, each on a connection of its own. */
async function repeatedly(bytes: string, until?: RegExp): Promise<string[]> {
  const responses: string[] = [];
  for (let i = 0; i < TIMES; i++) responses.push(await talk(gateway.port, bytes, until));
  return responses;
}

describe('does not count as a failure of the service:', () => {
  it('a body announced as too large returns 413, and nothing is forwarded', async () => {
    await start(ok);
    for (const response of await repeatedly(signIn('Content-Length: 3000000', '{}'), /\}$/))
      await expectProblem(response, 413);
    expect(received).toBe(0);
    await expectServiceUnharmed();
  });

  it('a too large body that is sent gets a response, not a reset', async () => {
    await start(ok);
    const options = { method: 'POST', headers: { 'content-type': 'application/json' } };
    for (let i = 0; i < TIMES; i++) {
      const url = `http://127.0.0.1:${gateway.port}/auth/tokens`;
      const response = await fetch(url, { ...options, body: 'x'.repeat(3_000_000) });
      expect(response.status).toBe(413);
      expect(await response.json()).toMatchObject({ type: '/problems/bodyTooLarge', status: 413 });
    }
    await expectServiceUnharmed();
  });

  it('a body that grows too large returns 413, and nothing is forwarded', async () => {
    await start(ok);
    const grows = signIn('Transfer-Encoding: chunked', chunk(40_000) + chunk(40_000));
    for (const response of await repeatedly(grows, /\}$/)) await expectProblem(response, 413);
    expect(received).toBe(0);
    await expectServiceUnharmed();
  });

  it('a malformed chunk returns 400', async () => {
    await start(ok);
    const bad = signIn('Transfer-Encoding: chunked', `${chunk(10)}zz\r\n`);
    for (const response of await repeatedly(bad)) await expectProblem(response, 400);
    await expectServiceUnharmed();
  });

  it('a body that never ends returns 408 in time', async () => {
    await start(ok, { REQUEST_TIME_LIMIT_MS: '300', FORWARD_TIME_LIMIT_MS: '200' });
    const dribbles = Array.from({ length: TIMES }, () =>
      talk(gateway.port, signIn('Content-Length: 10', '{')),
    );
    for (const response of await Promise.all(dribbles)) await expectProblem(response, 408);
    expect(received).toBe(0);
    await expectServiceUnharmed();
  });

  it('a caller who leaves in the middle of the body, or before the response', async () => {
    const hanging: (() => void)[] = [];
    await start((request, response) => {
      if (request.headers['x-hang']) hanging.push(() => response.end());
      else ok(request, response);
    });
    for (let i = 0; i < TIMES; i++) {
      await leave(gateway.port, signIn('Content-Length: 10', '{'), () => true);
      const before = hanging.length;
      const bytes = signIn('X-Hang: 1\r\nContent-Length: 2', '{}');
      await leave(gateway.port, bytes, () => hanging.length > before);
    }
    await expectServiceUnharmed();
  });

  it('a caller who does not read the response', async () => {
    const large = Buffer.alloc(16 * 1024 * 1024, 'x');
    await start(
      (request, response) =>
        request.headers['x-large'] ? response.end(large) : ok(request, response),
      { FORWARD_TIME_LIMIT_MS: '1500' },
    );
    const before = await callsOf('identity');
    const unread = Array.from({ length: TIMES }, () => {
      const socket = connect(gateway.port, '127.0.0.1', () =>
        socket.write(signIn('X-Large: 1\r\nContent-Length: 2', '{}')),
      );
      socket.on('error', () => undefined);
      return socket.pause();
    });
    await expect.poll(() => callsOf('identity')).toBe(before + TIMES);
    expect(received).toBe(TIMES);
    for (const socket of unread) socket.destroy();
    await expectServiceUnharmed();
  });

  it('a body on a method that has none', async () => {
    await start(ok);
    const get = 'GET /products HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n';
    for (const response of await repeatedly(`${get}Content-Length: 5\r\n\r\nhello`))
      expect(response).toMatch(/^HTTP\/1.1 200 /);
    expect(await breakerOf('catalog')).toBe(CLOSED);
  });

  it.each([400, 401, 404, 409, 413, 422, 429, 500])('an response of %d', async (status) => {
    await start((request, response) => {
      request.resume();
      response.writeHead(status, { 'content-type': 'application/problem+json' }).end('{"a":1}');
    });
    for (const response of await repeatedly(good)) {
      expect(response).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
      expect(response).toContain('{"a":1}');
    }
    expect(received).toBe(TIMES);
    expect(await breakerOf('identity')).toBe(CLOSED);
  });
});

describe('does not count as a failure of the service when it has a Retry-After:', () => {
  it('a response of 503, which is passed on', async () => {
    await start((request, response) => {
      request.resume();
      response.writeHead(503, { 'Retry-After': '7' }).end('{"own":"response"}');
    });
    for (const response of await repeatedly(good)) {
      expect(response).toMatch(/^HTTP\/1.1 503 /);
      expect(response.toLowerCase()).toContain('retry-after: 7');
    }
    expect(received).toBe(TIMES);
    expect(await breakerOf('identity')).toBe(CLOSED);
  });
});

describe('counts as a failure of the service:', () => {
  it.each([502, 503, 504])('an response of %d, which is passed on', async (status) => {
    await start((request, response) => {
      request.resume();
      response.writeHead(status).end('{"own":"response"}');
    });
    const [first] = await repeatedly(good);
    expect(first).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(first).toContain('{"own":"response"}');
    expect(received).toBeLessThan(TIMES);
    expect(await breakerOf('identity')).toBe(OPEN);
  });

  it('no response in time', async () => {
    await start((request) => request.resume(), { FORWARD_TIME_LIMIT_MS: '50' });
    for (const response of await repeatedly(good)) await expectProblem(response, 503);
    expect(received).toBeLessThan(TIMES);
    expect(await breakerOf('identity')).toBe(OPEN);
  });

  it('no connection', async () => {
    await start(ok);
    await service?.close();
    service = undefined;
    for (const response of await repeatedly(good)) await expectProblem(response, 503);
    expect(await breakerOf('identity')).toBe(OPEN);
  });

  it('an response that breaks off', async () => {
    service = await rawUpstream((socket) =>
      socket.once('data', () =>
        socket.end('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf of it'),
      ),
    );
    gateway = await runGateway(service.port);
    for (const response of await repeatedly(good)) expect(response).not.toContain('problem+json"}');
    expect(await breakerOf('identity')).toBe(OPEN);
  });
});

describe('an response that comes before the service has read the body', () => {
  it('is passed on', async () => {
    const early = '{"type":"/problems/early"}';
    service = await rawUpstream((socket) =>
      socket.once('data', () =>
        socket.end(
          `HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: ${early.length}\r\n\r\n${early}`,
        ),
      ),
    );
    gateway = await runGateway(service.port);
    const large = signIn('Content-Length: 60000', 'x'.repeat(60_000));
    for (const response of await repeatedly(large)) {
      expect(response).toMatch(/^HTTP\/1.1 413 /);
      expect(response).toContain(early);
    }
    expect(await breakerOf('identity')).toBe(CLOSED);
  });
});

/** Sends bytes and hangs up once `when` holds. */
async function leave(port: number, bytes: string, when: () => boolean): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  await new Promise<void>((resolve) => socket.once('connect', () => resolve()));
  await new Promise<void>((resolve) => socket.write(bytes, () => resolve()));
  await expect.poll(when, { interval: 5 }).toBe(true);
  socket.resetAndDestroy();
}
