// The checkout with the usual naive patterns, all services in one process: an outbox polled every 500 ms, `eachMessage`,
// a transaction for each message. Without gateway, tokens, prices, provider, deadlines, traces, health checks.
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { brokerSettings } from '@fieldguide/messaging/broker-url';
import { Kafka, logLevel } from 'kafkajs';
import pg from 'pg';
import { inbox, outbox, services, steps } from './steps.ts';

const POLL_MS = 500;
const BATCH = 100;
const { KAFKA_URL = '', DATABASE_URL: connectionString } = process.env;
const topicOf = (service: string) => `naive.${service}`;

interface Envelope {
  readonly id: string;
  readonly step: number;
  readonly time: string;
  readonly order: string;
  readonly product: string;
}

const kafka = new Kafka({ ...brokerSettings(KAFKA_URL), logLevel: logLevel.NOTHING });
const producer = kafka.producer();
await producer.connect();
const pools = new Map(services.map((each) => [each, new pg.Pool({ connectionString, max: 10 })]));
for (const service of services) {
  const consumer = kafka.consumer({ groupId: topicOf(service) });
  await consumer.connect();
  await consumer.subscribe({ topics: [topicOf(service)], fromBeginning: true });
  await consumer.run({ eachMessage: ({ message }) => handle(JSON.parse(`${message.value}`)) });
  setTimeout(relay, POLL_MS, service);
}
const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', async () => {
    const { lines } = JSON.parse(`${Buffer.concat(chunks)}`);
    const answer = lines ? { id: await place(lines[0].productId) } : { accessToken: 'naive' };
    response.writeHead(201, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
  });
}).listen(0, '127.0.0.1', () => process.send!({ port: (server.address() as AddressInfo).port }));
process.once('disconnect', () => process.exit());

async function place(product: string): Promise<string> {
  const order = randomUUID();
  await handle({ id: randomUUID(), step: 0, time: '', order, product });
  return order;
}

function handle({ id, step, order, product }: Envelope): Promise<void> {
  const [service, ...statements] = steps[step]!;
  return transaction(service, async (run) => {
    if (step > 0 && (await run(inbox(service), { message: id })).rowCount === 0) return;
    for (const sql of statements) await run(sql, { order, product });
    const next = steps[step + 1];
    if (!next) return;
    const time = new Date().toISOString();
    const envelope: Envelope = { id: randomUUID(), step: step + 1, time, order, product };
    await run(outbox(service), { topic: topicOf(next[0]), envelope: JSON.stringify(envelope) });
  });
}

async function relay(service: (typeof services)[number]): Promise<void> {
  await transaction(service, async (run) => {
    const { rows } = await run(
      `SELECT id, topic, envelope FROM ${service}.outbox ORDER BY id LIMIT ${BATCH} FOR UPDATE SKIP LOCKED`,
    );
    for (const { topic, envelope } of rows)
      await producer.send({
        topic,
        messages: [{ key: envelope.order, value: JSON.stringify(envelope) }],
      });
    const ids = rows.map(({ id }) => id);
    if (ids.length > 0) await run(`DELETE FROM ${service}.outbox WHERE id = ANY(:ids)`, { ids });
  });
  setTimeout(relay, POLL_MS, service);
}

type Run = (sql: string, values?: Readonly<Record<string, unknown>>) => Promise<pg.QueryResult>;

async function transaction(
  service: (typeof services)[number],
  work: (run: Run) => Promise<void>,
): Promise<void> {
  const client = await pools.get(service)!.connect();
  try {
    await client.query('BEGIN');
    await work((sql, values = {}) => {
      const inOrder: unknown[] = [];
      const named = (_: string, name: string) => `$${inOrder.push(values[name])}`;
      return client.query(sql.replaceAll(/:(\w+)/g, named), inOrder);
    });
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  } finally {
    client.release();
  }
}
