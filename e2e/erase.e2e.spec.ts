import { lstatSync, readdirSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { databaseServices } from '@fieldguide/platform-host/apps';
import { Environment } from '@fieldguide/platform-host/environment';
import { Kafka, logLevel } from 'kafkajs';
import { expect, inject, it } from 'vitest';
import { viewHash } from './projection-hash.ts';
import { ended, newCustomer, orderOf, place, product, query, send, stock } from './shop.ts';

// Words that stand nowhere else, so that finding none means something.
const person = {
  name: 'Wilhelmina Quackenbush',
  street: '77 Zugunruhe Lane',
  city: 'Oberammergau',
  postalCode: '82487',
  country: 'DE',
};

it('an erased customer is found in no database, topic or log; views and totals stay', async () => {
  const customer = await newCustomer();
  const needles = [person.name, person.street, person.city, customer.email];
  const order = (token: string, productId: string) => ({
    ...orderOf(token, productId),
    shipTo: person,
  });
  await misuse(customer.email, customer.token);
  await failingStatements(customer.email);
  const sold = await place(customer.token, 'before-erasing', order('tok_ok', product.plenty));
  const refused = await place(
    customer.token,
    'before-erasing-2',
    order('tok_declined', product.plenty),
  );
  for (const { body } of [sold, refused]) await ended(customer.token, body.id);
  expect(await found(needles)).not.toEqual([]); // the search does find what is there
  const before = await stock(product.alsoPlenty);
  const under = await place(customer.token, 'under-way', order('tok_slow', product.alsoPlenty));
  const totals = await totalsOf(customer.id);

  const erased = await send('DELETE', '/accounts/me', { token: customer.token });
  expect(erased).toMatchObject({ status: 202, body: { customerId: customer.id } });
  await expect.poll(() => found(needles), { timeout: 60_000, interval: 500 }).toEqual([]);

  // She is nobody now, and what had not left is called off.
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
  await expect.poll(() => statusOf(under.body.id)).toBe('cancelled');
  await expect.poll(() => stock(product.alsoPlenty)).toEqual(before);

  expect(await totalsOf(customer.id)).toEqual(totals);
  await expect.poll(async () => (await viewHash('view')) === (await viewHash('log'))).toBe(true);
});

it('what the environment keeps on the disk is for this user only', () => {
  const { folder } = new Environment('e2e');
  const open = (path: string): string[] => {
    const { mode } = lstatSync(path);
    if ((mode & 0o077) === 0) return [];
    return lstatSync(path).isDirectory()
      ? readdirSync(path).flatMap((name) => open(join(path, name)))
      : [relative(folder, path)];
  };
  expect(open(folder)).toEqual([]);
});

it('only a customer can be erased, and only by herself', async () => {
  expect((await send('DELETE', '/accounts/me')).status).toBe(401);
  const { operatorSecret: clientSecret } = inject('shop');
  const body = { grantType: 'clientCredentials', clientId: 'operator', clientSecret };
  const { accessToken } = (await send('POST', '/auth/tokens', { body })).body;
  expect((await send('DELETE', '/accounts/me', { token: accessToken })).status).toBe(403);
});

/** Whatever somebody may do wrong with personal data must not leave it in a log either. */
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

/** Statements that fail with her data in hand: in DETAIL, in CONTEXT, in the parameters, in the text. */
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

/** Where any of the words stands: every row of every table, every record of every topic, every file. */
async function found(needles: readonly string[]): Promise<string[]> {
  const lower = needles.map((needle) => needle.toLowerCase());
  const has = (text: string) => lower.some((needle) => text.toLowerCase().includes(needle));
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

/** Everything that is in the environment's topics now. */
async function records(): Promise<Place[]> {
  const brokers = inject('shop').kafka.replace('kafka://', '').split(',');
  const kafka = new Kafka({ clientId: 'dump', brokers, logLevel: logLevel.NOTHING });
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
 * Every file of the environment: logs of apps and backing services, Kafka's segments, Consul's data, the provider's ledger.
 * Not PostgreSQL's data: a deleted row leaves its pages and its write-ahead log later.
 */
async function files(): Promise<Place[]> {
  const { folder } = new Environment('e2e');
  const all = (await readdir(folder, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
    .filter((file) => !relative(folder, file).startsWith('postgres'))
    .filter((file) => !/index$/.test(file)); // Kafka's, ten sparse megabytes each: numbers only
  const found: Place[] = [];
  for (const file of all) {
    const text = await readFile(file, 'latin1').catch(() => ''); // it may be removed meanwhile
    found.push([`file ${relative(folder, file)}`, text]);
  }
  return found;
}
