import { lstatSync, readdirSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { brokerSettings } from '@fieldguide/messaging/broker-url';
import { databaseServices } from '@fieldguide/platform-host/apps';
import { Environment } from '@fieldguide/platform-host/environment';
import { Kafka, logLevel } from 'kafkajs';
import { expect, inject, it } from 'vitest';
import { projectionHash } from './projection-hash.ts';
import { newCustomer, orderOf, place, product, query, send, stock, waitForEnd } from './shop.ts';

// Unique words, so that an empty search result is meaningful.
const person = {
  name: 'Wilhelmina Quackenbush',
  street: '77 Zugunruhe Lane',
  city: 'Oberammergau',
  postalCode: '82487',
  country: 'DE',
};

it('removes an erased customer from every database, topic and log, and keeps projections and totals', async () => {
  const customer = await newCustomer();
  const personalData = [person.name, person.street, person.city, customer.email];
  const order = (token: string, productId: string) => ({
    ...orderOf(token, productId),
    shipTo: person,
  });
  await misuse(customer.email, customer.token);
  await failingStatements(customer.email);
  const sold = await place(customer.token, 'before-erasing', order('tok_ok', product.plenty));
  const rejected = await place(
    customer.token,
    'before-erasing-2',
    order('tok_declined', product.plenty),
  );
  for (const { body } of [sold, rejected]) await waitForEnd(customer.token, body.id);
  expect(await findPlaces(personalData)).not.toEqual([]); // the search finds existing data
  const before = await stock(product.alsoPlenty);
  const underWay = await place(customer.token, 'under-way', order('tok_slow', product.alsoPlenty));
  const totals = await totalsOf(customer.id);

  const erased = await send('DELETE', '/accounts/me', { token: customer.token });
  expect(erased).toMatchObject({ status: 202, body: { customerId: customer.id } });
  await expect.poll(() => findPlaces(personalData), { timeout: 60_000, interval: 500 }).toEqual([]);

  // The account is gone, and the order that was not dispatched is cancelled.
  const signIn = { grantType: 'password', email: customer.email, password: 'correct horse' };
  expect((await send('POST', '/auth/tokens', { body: signIn })).status).toBe(401);
  await expect
    .poll(async () => (await send('GET', '/orders', { token: customer.token })).status)
    .toBe(401);
  const statusOf = async (id: string) =>
    (
      await query<{ status: string }>(
        'ordering',
        'SELECT status FROM order_summary WHERE order_id = $1',
        [id],
      )
    )[0]!.status;
  await expect.poll(() => statusOf(underWay.body.id)).toBe('cancelled');
  await expect.poll(() => stock(product.alsoPlenty)).toEqual(before);

  expect(await totalsOf(customer.id)).toEqual(totals);
  await expect
    .poll(async () => (await projectionHash('projection')) === (await projectionHash('log')))
    .toBe(true);
});

it('keeps files of the environment readable for the current user only', () => {
  const { folder } = new Environment('e2e');
  const readableByOthers = (path: string): string[] => {
    const { mode } = lstatSync(path);
    if ((mode & 0o077) === 0) return [];
    return lstatSync(path).isDirectory()
      ? readdirSync(path).flatMap((name) => readableByOthers(join(path, name)))
      : [relative(folder, path)];
  };
  expect(readableByOthers(folder)).toEqual([]);
});

it('erases an account only for its signed-in customer', async () => {
  expect((await send('DELETE', '/accounts/me')).status).toBe(401);
  const { operatorSecret: clientSecret } = inject('shop');
  const body = { grantType: 'clientCredentials', clientId: 'operator', clientSecret };
  const { accessToken } = (await send('POST', '/auth/tokens', { body })).body;
  expect((await send('DELETE', '/accounts/me', { token: accessToken })).status).toBe(403);
});

/** Sends invalid requests with personal data, which must not reach a log either. */
async function misuse(email: string, token: string): Promise<void> {
  const wrong = { grantType: 'password', email, password: 'not the right one' };
  await send('POST', '/auth/tokens', { body: wrong });
  await send('POST', '/auth/registrations', {
    body: { email, password: 'correct horse', name: person.name },
  });
  await send('POST', '/auth/registrations', { body: { email, password: 'x', name: person.name } });
  const { street, ...rest } = person;
  const bad = { ...orderOf('tok_ok', product.plenty), shipTo: { ...rest, road: street } };
  await place(token, 'a-bad-address', bad);
  await place(token, 'a-bad-address', `${JSON.stringify(bad)}}`);
  await send('GET', `/orders?limit=5&name=${encodeURIComponent(person.name)}`, { token });
  const withNul = { ...orderOf('tok_ok', product.plenty), shipTo: { ...person, city: '\0' } };
  await place(token, 'a-nul-address', withNul);
}

/** Runs failing statements with personal data in DETAIL, CONTEXT, parameters and text. */
async function failingStatements(email: string): Promise<void> {
  const address = JSON.stringify({ ...person, region: '\0' });
  for (const [service, sql, values] of [
    ['identity', 'UPDATE accounts SET email = NULL WHERE email = $1', [email]],
    ['ordering', 'SELECT $1::jsonb', [address]],
    ['ordering', `SELECT no_column AS "${person.street}"`, []],
  ] as const)
    await expect(query(service, sql, [...values]), sql).rejects.toThrow();
}

async function totalsOf(customerId: string) {
  return query(
    'ordering',
    `SELECT status, total FROM order_summary WHERE customer_id = $1 AND status IN ('completed', 'rejected')
     ORDER BY status`,
    [customerId],
  );
}

/** Returns the tables, topics and files that contain any of the words. */
async function findPlaces(words: readonly string[]): Promise<string[]> {
  const lower = words.map((word) => word.toLowerCase());
  const has = (text: string) => lower.some((word) => text.toLowerCase().includes(word));
  const places = [...(await tables()), ...(await records()), ...(await files())];
  return places.filter(([, text]) => has(text)).map(([name]) => name);
}

type Place = readonly [name: string, text: string];

async function tables(): Promise<Place[]> {
  const all: Place[] = [];
  for (const service of databaseServices) {
    const names = await query<{ name: string }>(
      service,
      "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'",
    );
    for (const { name } of names) {
      const [row] = await query<{ text: string | null }>(
        service,
        `SELECT string_agg(t::text, E'\\n') AS text FROM "${name}" AS t`,
      );
      all.push([`${service}.${name}`, row!.text ?? '']);
    }
  }
  return all;
}

/** Reads all current records of the environment's topics. */
async function records(): Promise<Place[]> {
  const brokers = brokerSettings(inject('shop').kafka);
  const kafka = new Kafka({ clientId: 'dump', ...brokers, logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.connect();
  const topics = (await admin.listTopics()).filter((topic) => topic.startsWith('e2e.'));
  const left = new Map<string, bigint>();
  for (const topic of topics)
    for (const { partition, low, high } of await admin.fetchTopicOffsets(topic))
      if (BigInt(high) > BigInt(low)) left.set(`${topic}/${partition}`, BigInt(high));
  const all: Place[] = [];
  const groupId = `dump-${process.pid}`;
  const consumer = kafka.consumer({ groupId });
  await consumer.connect();
  await consumer.subscribe({ topics, fromBeginning: true });
  const read = Promise.withResolvers<void>();
  await consumer.run({
    autoCommit: false,
    eachMessage: async ({ topic, partition, message: { key, value, headers, offset } }) => {
      all.push([topic, `${key} ${value} ${JSON.stringify(headers)}`]);
      const end = left.get(`${topic}/${partition}`);
      if (end !== undefined && BigInt(offset) + 1n >= end) left.delete(`${topic}/${partition}`);
      if (left.size === 0) read.resolve();
    },
  });
  await read.promise;
  await consumer.disconnect();
  await admin.deleteGroups([groupId]);
  await admin.disconnect();
  return all;
}

/**
 * Reads every file of the environment: logs, Kafka's segments, Consul's data, the provider's ledger. PostgreSQL's data
 * is excluded: deleted rows stay in its pages and write-ahead log for a while.
 */
async function files(): Promise<Place[]> {
  const { folder } = new Environment('e2e');
  const all = (await readdir(folder, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
    .filter((file) => !relative(folder, file).startsWith('postgres'))
    .filter((file) => !/index$/.test(file)); // Kafka's index files: 10 MB each, sparse, numbers only
  const found: Place[] = [];
  for (const file of all) {
    const text = await readFile(file, 'latin1').catch(() => ''); // may be deleted during the search
    found.push([`file ${relative(folder, file)}`, text]);
  }
  return found;
}
