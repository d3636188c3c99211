import 'reflect-metadata';
import { TestKeys } from '@fieldguide/auth/testing';
import { type Database, DatabaseModule } from '@fieldguide/database';
import { freshDatabase } from '@fieldguide/database/testing';
import { ServiceDiscoveryModule } from '@fieldguide/discovery';
import { MessagingModule, OnMessage } from '@fieldguide/messaging';
import { type MessageConsumer, MessagingStrategy } from '@fieldguide/messaging/parts';
import { envelope } from '@fieldguide/messaging/testing';
import { Controller, Module } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { z } from 'zod';
import { AuthModule } from './auth.module.ts';
import { ServiceModule } from './service.module.ts';
import { ServiceClientModule } from './service-client.module.ts';
import { openForTest } from './testing/index.ts';

const Thing = { topic: 'things.v1', senders: ['test'], type: 'ThingChanged', data: z.object({}) };
let handlerError: Error | undefined;

@Controller()
class OnThingChanged {
  @OnMessage(Thing)
  async handle() {
    if (handlerError) throw handlerError;
  }
}

@Module({
  imports: [
    ServiceModule.forRoot({ name: 'things' }),
    ServiceDiscoveryModule.forRoot(),
    ServiceClientModule.forRoot(),
    AuthModule.forRoot(),
    DatabaseModule.forRoot({ entities: [], migrations: [] }),
    MessagingModule.forRoot(),
  ],
  controllers: [OnThingChanged],
})
class ThingsModule {}

const keys = new TestKeys('test/test');
let database: Database;
let app: NestFastifyApplication;
let consumer: MessageConsumer;
beforeAll(async () => {
  const fresh = await freshDatabase(inject('backing').postgres, 'int_dead_letters_api');
  database = fresh;
  app = await openForTest(ThingsModule, { env: { DATABASE_URL: fresh.url }, keys });
  await app.startAllMicroservices();
  await app.getHttpAdapter().getInstance().ready();
  consumer = app.get(MessagingStrategy).consumer!;
});
afterAll(async () => {
  await app.close();
  await database.close();
});
beforeEach(async () => {
  await database.query('TRUNCATE inbox, dead_letters');
  handlerError = new Error('cannot be handled');
});

const send = (
  method: 'GET' | 'POST',
  path: string,
  payload?: object,
  token = keys.token('grace', 'operations'),
) =>
  app.inject({
    method,
    url: `/dead-letters${path}`,
    headers: { authorization: `Bearer ${token}` },
    ...(payload && { payload }),
  });
let offset = 0;
const park = (value: string | Buffer, key = 'a') =>
  consumer.handle([
    {
      topic: Thing.topic,
      key: Buffer.from(key),
      value: Buffer.from(value as string),
      position: { partition: 0, offset: String(offset++) },
    },
  ]);
const items = async (query = '') => (await send('GET', query)).json().items;
const UNKNOWN = '00000000-0000-7000-8000-0000000000ff';

describe('the dead letters of a service', () => {
  it('are listed in pages without their content, and shown one by one with it', async () => {
    await park(Buffer.from([0xff, 0x00, 0x41]));
    for (const key of ['b', 'c']) await park(JSON.stringify(envelope(key)), key);
    const page = (await send('GET', '?limit=2')).json();
    expect(page.items).toMatchObject([
      { key: 'a', type: null, reason: 'not a CloudEvents envelope', status: 'waiting' },
      { key: 'b', type: 'ThingChanged', reason: 'cannot be handled' },
    ]);
    expect(page.items[0]).not.toHaveProperty('value');
    const rest = (await send('GET', `?limit=2&after=${page.next}`)).json();
    expect(rest).toMatchObject({ items: [{ key: 'c' }], next: null });
    expect(await items('?key=b')).toHaveLength(1);
    expect((await send('GET', `/${page.items[0].id}`)).json()).toMatchObject({
      status: 'waiting',
      keyBase64: 'YQ==',
      value: { bytes: 3, text: '\ufffd\u0000A', isTextComplete: true, base64: '/wBB' },
    });
    expect((await send('GET', `/${rest.items[0].id}`)).json()).toMatchObject({
      headers: { type: 'ThingChanged', subject: 'c', correlationid: 'test' },
    });
  });

  it('are redriven by key or by id, and the response names the one that failed again', async () => {
    for (const key of ['a', 'a', 'b']) await park(JSON.stringify(envelope(key)), key);
    const [first] = await items();
    expect((await send('POST', '/redrives', { key: 'a' })).json()).toEqual({
      key: 'a',
      redriven: 0,
      failed: { id: first.id, reason: 'cannot be handled' },
      moreWaiting: true,
    });
    handlerError = undefined;
    const answer = await send('POST', `/${first.id}/redrives`);
    expect([answer.statusCode, answer.json()]).toEqual([
      200,
      { key: 'a', redriven: 2, moreWaiting: false },
    ]);
    expect(await items()).toMatchObject([{ key: 'b' }]);
    expect(await items('?status=redriven')).toMatchObject([
      { key: 'a', handledBy: 'grace', status: 'redriven' },
      { key: 'a', handledAt: expect.any(String) },
    ]);
  });

  it('are discarded one by one; with the caller, time and reason', async () => {
    await park('nonsense');
    const [{ id }] = await items();
    const answer = await send('POST', `/${id}/discards`, { reason: 'sent by mistake' });
    expect(answer.json()).toEqual({ id, key: 'a', moreWaiting: false });
    expect(await items()).toEqual([]);
    expect(await items('?status=discarded')).toMatchObject([
      { id, status: 'discarded', handledBy: 'grace', note: 'sent by mistake' },
    ]);
    const again = await send('POST', `/${id}/discards`);
    expect(again.json()).toMatchObject({ status: 409, type: '/problems/deadLetterFinished' });
  });

  it.each([
    ['GET', `/${UNKNOWN}`, undefined],
    ['POST', `/${UNKNOWN}/redrives`, undefined],
    ['POST', `/${UNKNOWN}/discards`, { reason: 'none' }],
    ['POST', '/redrives', { key: 'unknown' }],
  ] as const)('return a problem for %s %s: unknown', async (method, path, body) => {
    const answer = await send(method, path, body);
    expect(answer.headers['content-type']).toContain('application/problem+json');
    expect(answer.json()).toMatchObject({ status: 404, type: '/problems/deadLetterNotFound' });
  });

  it.each([
    ['GET', '/no-id', undefined],
    ['GET', '?limit=101', undefined],
    ['GET', '?key=%00', undefined],
    ['GET', '?after=-1', undefined],
    ['GET', '?status=lost', undefined],
    ['POST', '/redrives', { key: '\ud800' }],
    ['POST', `/${UNKNOWN}/discards`, { why: 'x' }],
    ['POST', `/${UNKNOWN}/discards`, { reason: 'half of \u0000' }],
  ] as const)('refuse %s %s as unreadable', async (method, path, body) => {
    expect((await send(method, path, body)).statusCode).toBe(400);
  });

  it('return 503, not 500, when the database is the reason', async () => {
    await park(JSON.stringify(envelope('a')));
    handlerError = Object.assign(new Error('lock timeout'), { code: '55P03' });
    const answer = await send('POST', '/redrives', { key: 'a' });
    expect(answer.json()).toMatchObject({ status: 503, type: '/problems/tryAgain' });
    expect(answer.headers['retry-after']).toBe('5');
    expect(await items()).toHaveLength(1);
  });

  it('require the scope for operations', async () => {
    const customer = keys.token('ada', 'orders:write');
    for (const [method, path] of [
      ['GET', ''],
      ['GET', `/${UNKNOWN}`],
      ['POST', `/${UNKNOWN}/discards`],
    ] as const)
      expect((await send(method, path, undefined, customer)).statusCode).toBe(403);
  });
});
