import 'reflect-metadata';
import { Caller, type CallerClaims, Public, RequireScope } from '@fieldguide/auth';
import { TestKeys } from '@fieldguide/auth/testing';
import { Config, ConfigModule, secret } from '@fieldguide/config';
import { ServiceDiscoveryModule } from '@fieldguide/discovery';
import { defineErrors } from '@fieldguide/problems';
import { Health } from '@fieldguide/telemetry';
import { Body, Controller, Get, Module, Post } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { AuthModule } from './auth.module.ts';
import { BuildInfo } from './build-info.ts';
import { ServiceModule } from './service.module.ts';
import { ServiceClientModule } from './service-client.module.ts';
import { openForTest } from './testing/index.ts';

const errors = defineErrors('shop', { closed: ['conflict', 'The shop is closed.'] });
const NewThing = z.strictObject({ units: z.int().positive() });

@Controller('things')
class ThingsController {
  @Public()
  @Get('open')
  open() {
    return { open: true };
  }

  @Get('own')
  own(@Caller() caller: CallerClaims) {
    return { id: caller.id };
  }

  @RequireScope('things:write')
  @Post()
  add(@Body({ schema: NewThing }) request: z.infer<typeof NewThing>) {
    if (request.units === 13) throw errors.closed();
    if (request.units === 500) throw new Error('a detail of the inside');
    return request;
  }
}

class ThingsConfig extends Config(z.object({ PASSWORD: secret(z.string()) })) {}

@Module({
  imports: [
    ServiceModule.forRoot({ name: 'things' }),
    ServiceDiscoveryModule.forRoot(),
    ServiceClientModule.forRoot(),
    AuthModule.forRoot(),
    ConfigModule.forFeature(ThingsConfig),
  ],
  controllers: [ThingsController],
})
class ThingsModule {}

let app: NestFastifyApplication;
const keys = new TestKeys('test/test');
const health = new Health();
const build = { version: '1', commit: 'c', digest: 'd', startedAt: '', instance: 'things-1' };
beforeAll(async () => {
  const replaced = [
    [Health, health],
    [BuildInfo, build],
  ] as const;
  app = await openForTest(ThingsModule, { env: { PASSWORD: 'hidden' }, keys, replaced });
  await app.getHttpAdapter().getInstance().ready();
});
afterAll(() => app.close());

const send = (method: 'GET' | 'POST', url: string, token?: string, payload?: string | object) =>
  app.inject({
    method,
    url,
    headers: {
      ...(token && { authorization: `Bearer ${token}` }),
      ...(typeof payload === 'string' && { 'content-type': 'application/json' }),
    },
    ...(payload !== undefined && { payload }),
  });
const writer = () => keys.token('ada', 'things:write');

describe('a service', () => {
  it('requires a token, unless the route is public', async () => {
    expect((await send('GET', '/things/open')).statusCode).toBe(200);
    const refused = await send('GET', '/things/own');
    expect(refused.statusCode).toBe(401);
    expect(refused.headers['content-type']).toContain('application/problem+json');
    expect(
      (await send('GET', '/things/own', new TestKeys('test/test').token('x', 'a'))).statusCode,
    ).toBe(401);
    expect((await send('GET', '/things/own', keys.token('ada', 'a'))).json()).toEqual({
      id: 'ada',
    });
  });

  it('requires the scope of a route', async () => {
    const body = { units: 1 };
    expect((await send('POST', '/things', keys.token('ada', 'things:read'), body)).statusCode).toBe(
      403,
    );
    expect((await send('POST', '/things', writer(), body)).statusCode).toBe(201);
  });

  it.each([
    ['an unknown field', { units: 1, colour: 'red' }, 400, '/colour'],
    ['a wrong type', { units: '1' }, 400, '/units'],
    ['bad JSON', '{"units":', 400, undefined],
    [
      'a body that is too large',
      JSON.stringify({ units: 1, x: 'x'.repeat(70_000) }),
      413,
      undefined,
    ],
  ])('returns a problem for %s that points at it', async (_, payload, status, pointer) => {
    const answer = await send('POST', '/things', writer(), payload);
    expect(answer.statusCode).toBe(status);
    expect(answer.headers['content-type']).toContain('application/problem+json');
    if (pointer) expect(answer.json().errors[0].pointer).toBe(pointer);
  });

  it('accepts an empty body of any media type, and no other', async () => {
    const send = (payload: string) =>
      app.inject({
        method: 'POST',
        url: '/things',
        headers: { authorization: `Bearer ${writer()}`, 'content-type': 'application/xml' },
        payload,
      });
    expect((await send('units=1')).statusCode).toBe(415);
    expect((await send('')).json()).toMatchObject({
      status: 400,
      type: '/problems/malformedRequest',
    });
  });

  it('returns the code of a domain error, and only a trace id for an unexpected error', async () => {
    expect((await send('POST', '/things', writer(), { units: 13 })).json()).toEqual({
      type: '/problems/shop.closed',
      title: 'The shop is closed.',
      status: 409,
    });
    const fault = await send('POST', '/things', writer(), { units: 500 });
    expect(fault.statusCode).toBe(500);
    expect(fault.body).not.toContain('inside');
  });

  it('returns 404 for an unknown path', async () =>
    expect((await send('GET', '/nothing')).json()).toMatchObject({
      status: 404,
      type: '/problems/notFound',
    }));

  it('returns its configuration without secrets', async () => {
    const info = (await send('GET', '/info')).json();
    expect(info).toMatchObject({ name: 'things', version: '1', digest: 'd' });
    expect(info.configuration.PASSWORD.value).toBe('***');
  });

  it('is live but not ready while draining', async () => {
    expect((await send('GET', '/health/ready')).statusCode).toBe(200);
    health.drain();
    expect((await send('GET', '/health/ready')).statusCode).toBe(503);
    expect((await send('GET', '/health/live')).statusCode).toBe(200);
  });
});
