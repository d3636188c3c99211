import 'reflect-metadata';
import { type AddressInfo, connect } from 'node:net';
import { Public } from '@fieldguide/auth';
import { TestKeys } from '@fieldguide/auth/testing';
import { ServiceDiscoveryModule } from '@fieldguide/discovery';
import { Body, Controller, Get, Module, Param, Post } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AuthModule } from './auth.module.ts';
import { ServiceModule } from './service.module.ts';
import { ServiceClientModule } from './service-client.module.ts';
import { openForTest } from './testing/index.ts';

@Controller('things')
class ThingsController {
  @Public()
  @Get(':id')
  one(@Param('id') id: string) {
    return { id };
  }

  @Public()
  @Post()
  add(@Body() body: unknown) {
    return { body };
  }

  @Get()
  all() {
    return [];
  }
}

@Module({
  imports: [
    ServiceModule.forRoot({ name: 'things' }),
    ServiceDiscoveryModule.forRoot(),
    ServiceClientModule.forRoot(),
    AuthModule.forRoot(),
  ],
  controllers: [ThingsController],
})
class ThingsModule {}

let app: NestFastifyApplication;
let port: number;
beforeAll(async () => {
  const env = { REQUEST_TIME_LIMIT_MS: '300' };
  app = await openForTest(ThingsModule, { env, keys: new TestKeys('test/test') });
  await app.listen({ port: 0, host: '127.0.0.1' });
  port = (app.getHttpServer().address() as AddressInfo).port;
});
afterAll(() => app.close());

/** Sends raw bytes; resolves with the response when the connection has ended. */
function talk(...lines: string[]): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(lines.join('\r\n'), 'latin1'));
    socket.setEncoding('latin1');
    socket.on('data', (chunk) => {
      text += chunk;
    });
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(text));
  });
}
const post = (type: string, body: string) =>
  talk(
    'POST /things HTTP/1.1',
    'Host: things',
    'Connection: close',
    `Content-Type: ${type}`,
    `Content-Length: ${body.length}`,
    '',
    body,
  );

describe('a request that reaches no route returns problem details:', () => {
  const head = ['Host: things', 'Connection: close'];
  const unfinished = ['Content-Type: application/json', 'Content-Length: 9', '', '{'];
  it.each([
    ['a body that does not arrive', 408, ['POST /things HTTP/1.1', ...head, ...unfinished]],
    ['headers that do not arrive', 408, ['POST /things HTTP/1.1', 'Host: things', 'X: ']],
    ['headers too large', 431, ['GET /x HTTP/1.1', ...head, `X: ${'x'.repeat(20_000)}`, '', '']],
    ['a malformed request line', 400, ['GET /things JUNK/1.1', '', '']],
    ['a malformed header', 400, ['GET /things HTTP/1.1', ...head, 'X y', '', '']],
    ['no host', 400, ['GET /things HTTP/1.1', 'Connection: close', '', '']],
    ['a non-standard method', 501, ['FROB /things HTTP/1.1', ...head, '', '']],
    ['bad percent-encoding', 400, ['GET /things/%zz HTTP/1.1', ...head, '', '']],
    ['an overlong path segment', 414, [`GET /things/${'x'.repeat(300)} HTTP/1.1`, ...head, '', '']],
    ['an expectation', 417, ['POST /things HTTP/1.1', ...head, 'Expect: tea', '', '']],
    ['a second host', 400, ['GET /things/1 HTTP/1.1', ...head, 'Host: x', '', '']],
    ['another method', 405, ['PUT /things/1 HTTP/1.1', ...head, '', '']],
  ])('%s (%i)', async (_, status, lines) => {
    const answer = await talk(...lines);
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(answer).toContain('content-type: application/problem+json');
    expect(answer).toContain('x-content-type-options: nosniff');
    const body = JSON.parse(answer.slice(answer.indexOf('\r\n\r\n') + 4));
    expect(body).toMatchObject({ status, type: expect.stringMatching(/^\/problems\/\w+$/) });
  });

  it('a connection that sends an invalid rest of its body after the response gets one response', async () => {
    const answer = await talk(
      'POST /nothing HTTP/1.1',
      'Host: things',
      'Transfer-Encoding: chunked',
      '',
      '1',
      'x',
      '',
    );
    expect(answer.match(/HTTP\/1.1/g)).toHaveLength(1);
  });
});

describe('a body', () => {
  it.each(['application/x-www-form-urlencoded', 'text/plain', 'multipart/form-data; boundary=x'])(
    'of the type %s is rejected',
    async (type) => {
      const answer = await post(type, 'grantType=password');
      expect(answer).toMatch(/^HTTP\/1.1 415 /);
      expect(answer).toContain('Send application/json.');
    },
  );

  it('of JSON is accepted', async () => {
    expect(await post('application/json; charset=utf-8', '{"a":1}')).toContain('{"body":{"a":1}}');
  });
});

describe('every response', () => {
  const get = (path: string) =>
    talk(`GET ${path} HTTP/1.1`, 'Host: things', 'Connection: close', '', '');

  it('forbids content sniffing, framing and referrers', async () => {
    for (const path of ['/things/1', '/things', '/nothing']) {
      const answer = await get(path);
      expect(answer).toContain('x-content-type-options: nosniff');
      expect(answer).toContain('referrer-policy: no-referrer');
      expect(answer).toContain("frame-ancestors 'none'");
    }
  });

  it('with status 401 names the authentication scheme', async () => {
    const answer = await get('/things');
    expect(answer).toMatch(/^HTTP\/1.1 401 /);
    expect(answer).toContain('www-authenticate: Bearer');
  });
});
