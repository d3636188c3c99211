import 'reflect-metadata';
import { Public, RequireScope } from '@fieldguide/auth';
import { TestKeys } from '@fieldguide/auth/testing';
import { ServiceDiscoveryModule } from '@fieldguide/discovery';
import { LOG, type Log, makeLog, metrics, traceInto } from '@fieldguide/telemetry';
import {
  type RecordedTraces,
  recordTraces,
  SpanKind,
  SpanStatusCode,
} from '@fieldguide/telemetry/testing';
import { Controller, Get, HttpCode, Module, Param, Post } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { AuthModule } from './auth.module.ts';
import { ServiceModule } from './service.module.ts';
import { ServiceClientModule } from './service-client.module.ts';
import { openForTest } from './testing/index.ts';

const arrived = Promise.withResolvers<void>();

@Public()
@Controller('things')
class ThingsController {
  @Get(':id')
  one(@Param('id') id: string) {
    return { id, ...traceInto({}) };
  }

  @Get(':id/wait')
  wait() {
    arrived.resolve();
    return new Promise(() => undefined);
  }

  @Post(':id')
  @HttpCode(200)
  break() {
    throw new Error('broken');
  }
}

@RequireScope('things:write')
@Controller('own')
class OwnController {
  @Get()
  read() {
    return {};
  }

  @Post()
  write() {
    return {};
  }
}

const keys = new TestKeys('test/test');
const lines: string[] = [];
const log = makeLog('things', 'things-1', 'info', { write: (line) => void lines.push(line) });
const moduleOf = (isEdge: boolean) => {
  const imports = [
    ServiceModule.forRoot({ name: 'things', isEdge }),
    ServiceDiscoveryModule.forRoot(),
    ServiceClientModule.forRoot(),
    AuthModule.forRoot(),
  ];
  class ThingsModule {}
  Module({ imports, controllers: [ThingsController, OwnController] })(ThingsModule);
  return ThingsModule;
};

const trace = '0af7651916cd43dd8448eb211c80319c';
const forged = `00-${trace}-b7ad6b7169203331-01`;
const notSampled = `00-${trace}-b7ad6b7169203331-00`;
const everything = { TRACE_WRITES_PER_SECOND: 1_000, TRACE_READ_RATIO: 1 };
const rates = { ...everything };
let traces: RecordedTraces;
const urls: Record<'edge' | 'inner', string> = { edge: '', inner: '' };
const apps: NestFastifyApplication[] = [];
beforeAll(async () => {
  traces = await recordTraces(rates);
  for (const kind of ['edge', 'inner'] as const) {
    const app = await openForTest(moduleOf(kind === 'edge'), { keys, replaced: [[LOG, log]] });
    apps.push(app);
    await app.listen({ port: 0, host: '127.0.0.1' });
    urls[kind] = await app.getUrl();
  }
});
afterAll(async () => {
  for (const app of apps) await app.close();
  await traces.stop();
});
beforeEach(async () => {
  Object.assign(rates, everything);
  await traces.clear();
});

const send = (to: 'edge' | 'inner', method: string, path: string, traceparent?: string) =>
  fetch(urls[to] + path, { method, headers: { ...(traceparent && { traceparent }) } });
/** The server ends its span when the connection has taken the response. */
const spans = (count: number) =>
  expect
    .poll(async () => (await traces.spans()).length)
    .toBe(count)
    .then(() => traces.spans());
const recordNothing = () =>
  Object.assign(rates, { TRACE_WRITES_PER_SECOND: 0, TRACE_READ_RATIO: 0 });

describe('a request', () => {
  it('has a server span without the values of the query', async () => {
    await send('inner', 'GET', '/things/7?secret=1');
    const [span] = await spans(1);
    expect(span).toMatchObject({
      name: 'GET /things/:id',
      kind: SpanKind.SERVER,
      status: { code: SpanStatusCode.UNSET },
      attributes: {
        'http.request.method': 'GET',
        'http.route': '/things/:id',
        'http.response.status_code': 200,
        'url.path': '/things/7',
        'url.scheme': 'http',
      },
    });
    expect(JSON.stringify(span!.attributes)).not.toContain('secret');
  });

  it('is logged within its trace at level debug, and at no other', async () => {
    const log = apps[1]!.get<Log>(LOG);
    log.level = 'debug';
    const logged = vi.spyOn(log, 'debug').mockImplementation(() => traceInto(carrier));
    const carrier: { traceparent?: string } = {};
    await send('inner', 'GET', '/things/7');
    const [span] = await spans(1);
    const line = { http_route: '/things/:id', http_response_status_code: 200 };
    expect(logged.mock.calls).toEqual([[expect.objectContaining(line), 'A request ended']]);
    expect(carrier.traceparent).toContain(span!.spanContext().traceId);
    log.level = 'info';
    await send('inner', 'GET', '/things/7');
    await spans(2);
    expect(logged).toHaveBeenCalledTimes(1);
  });

  it('that fails has the status as its error type; one that the caller got wrong is no error', async () => {
    await send('inner', 'POST', '/things/7');
    const [failed] = await spans(1);
    expect(failed).toMatchObject({
      status: { code: SpanStatusCode.ERROR },
      attributes: { 'error.type': '500', 'http.response.status_code': 500 },
    });
    await send('inner', 'GET', '/nothing');
    const [, wrong] = await spans(2);
    expect(wrong).toMatchObject({
      name: 'GET *',
      status: { code: SpanStatusCode.UNSET },
      attributes: { 'http.response.status_code': 404 },
    });
  });

  it('that fails in an unsampled trace is recorded, and no other', async () => {
    await send('inner', 'GET', '/things/7', notSampled);
    await send('inner', 'POST', '/things/7', notSampled);
    const [span] = await spans(1);
    expect(span!.name).toBe('POST /things/:id');
    expect(span!.spanContext().traceId).toBe(trace);
  });

  it('whose client leaves has no status, and is no failure of the service', async () => {
    const leaving = new AbortController();
    const url = `${urls.inner}/things/7/wait`;
    const sent = fetch(url, { signal: leaving.signal });
    await arrived.promise;
    leaving.abort();
    await expect(sent).rejects.toThrow();
    const [span] = await spans(1);
    expect(span).toMatchObject({
      status: { code: SpanStatusCode.UNSET },
      attributes: { 'error.type': 'clientLeft' },
    });
    expect(span!.attributes).not.toHaveProperty('http.response.status_code');
    expect(await metrics.read()).toContain(
      'http_route="/things/:id/wait",http_response_status_code="499"',
    );
  });

  it('of a poll has no span', async () => {
    for (const path of ['/health/live', '/health/ready', '/metrics', '/info'])
      await send('inner', 'GET', path);
    await send('inner', 'GET', '/things/7');
    expect((await spans(1)).map(({ name }) => name)).toEqual(['GET /things/:id']);
  });

  it('is counted with its method, route and status', async () => {
    await send('inner', 'GET', '/things/8');
    await expect
      .poll(() => metrics.read())
      .toMatch(
        /^http_server_request_duration_seconds_count\{http_request_method="GET",http_route="\/things\/:id",http_response_status_code="200"\} \d/m,
      );
  });
});

describe('a traceparent', () => {
  it('of another service is continued', async () => {
    recordNothing();
    await send('inner', 'GET', '/things/7', forged);
    const [span] = await spans(1);
    expect(span!.spanContext().traceId).toBe(trace);
    expect(span!.parentSpanContext?.spanId).toBe('b7ad6b7169203331');
  });

  it('from outside neither joins a trace nor forces a recording', async () => {
    recordNothing();
    const response = await send('edge', 'GET', '/things/7', forged);
    const { traceparent } = (await response.json()) as { traceparent: string };
    expect(traceparent).toMatch(/-00$/);
    expect(traceparent).not.toContain(trace);
    Object.assign(rates, everything);
    await send('edge', 'GET', '/things/7', notSampled);
    const [span] = await spans(1);
    expect(span!.spanContext().traceId).not.toBe(trace);
    expect(span!.parentSpanContext).toBeUndefined();
  });
});

describe('a security event', () => {
  const events = () => lines.map((line) => JSON.parse(line)).filter((each) => each.security_event);
  const own = (method: string, token?: string, address = '192.0.2.1') => {
    const authorization = token && { authorization: `Bearer ${token}` };
    const headers = { 'x-forwarded-for': address, ...authorization };
    return fetch(`${urls.inner}/own`, { method, headers });
  };

  it('reports refused tokens and callers, and what operators change', async () => {
    lines.length = 0;
    const operator = keys.token('operator', 'things:write operations');
    await own('GET');
    await own('GET', 'forged.token.here');
    await own('POST', keys.token('ada', 'things:read'));
    await own('POST', operator);
    await own('GET', operator);
    const from = '192.0.2.1';
    await expect.poll(events).toMatchObject([
      { security_event: 'authn_token_invalid', what: 'GET /own', from },
      { security_event: 'authz_fail', who: 'ada', what: 'POST /own', from },
      { security_event: 'authz_admin', who: 'operator', what: 'POST /own', from },
    ]);
    expect(lines.join()).not.toContain('forged');
  });
});
