import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import { brokerSettings } from '@fieldguide/messaging/broker-url';
import type { Letter, LetterDetails } from '@fieldguide/platform-cli/screen/dead-letter-tables';
import { Kafka, logLevel, type Producer } from 'kafkajs';
import { afterAll, beforeAll, expect, inject, it, vi } from 'vitest';
import { instances } from './running-platform.ts';
import { newCustomer, orderOf, place, product, query, send, waitForEnd } from './shop.ts';

const TOPIC = 'e2e.payments.requests.v1';
const WAIT = { timeout: 30_000, interval: 100 };
const fieldguide = async (...args: string[]) => {
  const all = ['platform/cli/bin/fieldguide.mjs', 'dead-letters', ...args, '--env', 'e2e'];
  return (await promisify(execFile)(process.execPath, all)).stdout;
};
const letters = async (...args: string[]) =>
  JSON.parse(await fieldguide('list', 'payments', ...args, '--json')) as Letter[];
/** Waits until the key has this many dead letters. A query is faster than a CLI process. */
const parked = (key: string, count = 1) => {
  const sql = 'SELECT FROM dead_letters WHERE key = $1';
  const isParked = async () => (await query('payments', sql, [key])).length === count;
  return vi.waitUntil(isParked, WAIT);
};

let producer: Producer;
let customer: Awaited<ReturnType<typeof newCustomer>>;
beforeAll(async () => {
  const brokers = brokerSettings(inject('shop').kafka);
  producer = new Kafka({
    clientId: 'bad-records',
    ...brokers,
    logLevel: logLevel.NOTHING,
  }).producer();
  await producer.connect();
  customer = await newCustomer();
});
afterAll(async () => {
  await producer.disconnect();
  await query('payments', 'DELETE FROM dead_letters'); // other specs expect none
});

it('lists, shows and discards an unreadable record, which does not block consumption', async () => {
  const value = Buffer.from([0x7b, 0x00, 0xff, 0xfe, 0x22]);
  const partitions = Array.from({ length: 6 }, (_, partition) => partition);
  await producer.send({
    topic: TOPIC,
    messages: partitions.map((partition) => ({ key: 'bad-record', value, partition })),
  });
  const body = orderOf('tok_ok', product.plenty);
  const { id: orderId } = (await place(customer.token, 'next-to-bad-records', body)).body;
  expect((await waitForEnd(customer.token, orderId)).status).toBe('completed');

  await parked('bad-record', partitions.length);
  const found = await letters('--key', 'bad-record');
  expect(found).toHaveLength(partitions.length);
  const { id } = found[0]!;
  const shown = JSON.parse(await fieldguide('show', 'payments', id, '--json')) as LetterDetails;
  expect(shown).toMatchObject({ reason: 'not a CloudEvents envelope', status: 'waiting' });
  expect(shown.value.base64).toBe(value.toString('base64'));
  await expect(fieldguide('redrive', 'payments', id)).rejects.toThrow(/failed again/);
  expect(await fieldguide('discard', 'payments', id, '--reason', 'bad-record')).toMatch(
    /is discarded; other letters of its key are waiting/,
  );
  expect(await letters('--key', 'bad-record')).toHaveLength(partitions.length - 1);
  expect(await letters('--key', 'bad-record', '--status', 'discarded')).toMatchObject([
    { id, handledBy: 'operator', note: 'bad-record', handledAt: expect.any(String) },
  ]);
  await expect(fieldguide('discard', 'payments', id)).rejects.toThrow(/was discarded before/);
  await expect(fieldguide('show', 'payments', randomUUID())).rejects.toThrow(/no dead letter/);
});

it('completes an order whose command waits behind a rejected one, once that is redriven', async () => {
  const body = orderOf('tok_slow', product.plenty);
  const { id } = (await place(customer.token, 'behind-a-rejected-one', body)).body;
  const status = async () => {
    const sql = 'SELECT status FROM payments WHERE order_id = $1';
    return (await query<{ status: string }>('payments', sql, [id]))[0]?.status;
  };
  await vi.waitUntil(async () => (await status()) === 'authorising', WAIT);
  // Too early: there is nothing to capture yet. The order's own command arrives later and waits behind this one.
  const early = {
    specversion: '1.0',
    id: randomUUID(),
    source: '/ordering',
    type: 'CapturePayment',
    subject: id,
    time: new Date().toISOString(),
    datacontenttype: 'application/json',
    data: { orderId: id },
    correlationid: randomUUID(),
  };
  await producer.send({ topic: TOPIC, messages: [{ key: id, value: JSON.stringify(early) }] });
  await parked(id, 2);
  expect(await status()).toBe('authorised');
  const { url } = (await instances('payments'))[0]!;
  const asCustomer = { token: customer.token, origin: url };
  expect((await send('GET', '/dead-letters', asCustomer)).status).toBe(403);

  expect(await fieldguide('redrive', 'payments', '--key', id)).toMatch(/2 letters .* redriven/);
  expect((await waitForEnd(customer.token, id)).status).toBe('completed');
  expect(await letters('--key', id)).toEqual([]);
});
