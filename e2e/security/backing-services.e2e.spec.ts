import { randomUUID } from 'node:crypto';
import { brokerSettings } from '@fieldguide/messaging/broker-url';
import { brokerUrlOf } from '@fieldguide/platform-controller/provision/broker-access';
import { appNames } from '@fieldguide/platform-host/apps';
import { callConsul } from '@fieldguide/platform-host/backing-services/call-consul';
import { Environment } from '@fieldguide/platform-host/environment';
import { readState } from '@fieldguide/platform-host/state';
import { system } from '@fieldguide/platform-host/system';
import { topics as topicsOf } from '@fieldguide/platform-model/derive';
import { Kafka, logLevel } from 'kafkajs';
import pg from 'pg';
import { describe, expect, inject, it, vi } from 'vitest';
import { product, query, send } from '../shop.ts';
import { nothingChanges, victim } from './attack.ts';

nothingChanges();

// The attacker has taken over shipping: its credentials, and the addresses that it knows.
const environment = new Environment('e2e');
const secrets = () => environment.secrets(appNames);
const prefix = environment.topicPrefix;
const topics = topicsOf(system);

const clientOf = (url: string) =>
  new Kafka({
    clientId: 'attack',
    ...brokerSettings(url),
    logLevel: logLevel.NOTHING,
    retry: { retries: 0 },
  });
const asShipping = () =>
  clientOf(brokerUrlOf('shipping', inject('shop').kafka, environment, secrets()));

/** @returns why the record was refused; undefined when the broker took it */
async function publish(client: Kafka, topic: string, value: string, key = 'attack') {
  const producer = client.producer({ allowAutoTopicCreation: false });
  try {
    await producer.connect();
    await producer.send({ topic: prefix + topic, messages: [{ key, value }] });
    return undefined;
  } catch (error) {
    return (error as Error).message;
  } finally {
    await producer.disconnect();
  }
}

const message = (type: string, source: string, subject: string, data: object) => ({
  specversion: '1.0',
  id: randomUUID(),
  source,
  type,
  subject,
  time: new Date().toISOString(),
  datacontenttype: 'application/json',
  correlationid: randomUUID(),
  data,
});

describe("with shipping's credentials at the broker", () => {
  const foreign = topics.filter(({ senders }) => !senders.includes('shipping'));
  it.each(foreign.map(({ name }) => name))('nothing is published on %s', async (topic) => {
    expect(await publish(asShipping(), topic, '{}')).toMatch(/authorized|does not host/i);
  });

  const commands = topics.filter(({ kind, owner }) => kind === 'commands' && owner !== 'shipping');
  it.each(commands.map(({ name }) => name))('nothing is read from %s', async (topic) => {
    const admin = asShipping().admin();
    await admin.connect();
    await expect(admin.fetchTopicOffsets(prefix + topic)).rejects.toThrow(
      /authorized|does not host/i,
    );
    await admin.disconnect();
  });

  it('no topic, user or grant is changed', async () => {
    const admin = asShipping().admin();
    await admin.connect();
    const topic = { topic: `${prefix}attack`, numPartitions: 1 };
    await expect(admin.createTopics({ topics: [topic] })).rejects.toThrow();
    await expect(admin.deleteTopics({ topics: [`${prefix}ordering.orders.v1`] })).rejects.toThrow();
    await expect(
      admin.createAcls({
        acl: [
          {
            resourceType: 2,
            resourceName: '*',
            resourcePatternType: 3,
            principal: 'User:shipping',
            host: '*',
            operation: 2,
            permissionType: 3,
          },
        ],
      }),
    ).rejects.toThrow();
    await admin.disconnect();
  });
});

it('without credentials, or with wrong ones, the broker accepts nothing', async () => {
  const { host } = new URL(inject('shop').kafka.replace('kafka:', 'http:'));
  for (const user of ['', 'shipping:wrong@', 'admin:admin@'])
    expect(
      await publish(clientOf(`kafka://${user}${host}`), 'ordering.orders.v1', '{}'),
    ).toBeDefined();
});

describe('a record that an administrator of the broker has forged', () => {
  const price = { amountMinor: 1, currency: 'EUR' };
  const forged = {
    'a price by shipping': [
      'catalog.products.v1',
      message('ProductChanged', '/shipping', product.plenty, {
        ...{ productId: product.plenty, sku: 'A', name: 'A', category: 'sleep' },
        ...{ price, retired: false, revision: 99_999 },
      }),
      'ordering',
    ],
    'a price by an unknown source': [
      'catalog.products.v1',
      message('ProductChanged', '/attacker', product.plenty, {
        ...{ productId: product.plenty, sku: 'A', name: 'A', category: 'sleep' },
        ...{ price, retired: false, revision: 99_999 },
      }),
      'ordering',
    ],
    'a capture by shipping': [
      'payments.requests.v1',
      message('CapturePayment', '/shipping', product.none, { orderId: product.none }),
      'payments',
    ],
    'a release of stock by payments': [
      'inventory.requests.v1',
      message('ReleaseStock', '/payments', product.none, { orderId: product.none }),
      'inventory',
    ],
  } as const;
  it.each(Object.keys(forged) as (keyof typeof forged)[])(
    'is parked, and changes nothing: %s',
    async (what) => {
      const [topic, record, service] = forged[what];
      const admin = clientOf(inject('shop').kafka);
      expect(await publish(admin, topic, JSON.stringify(record), record.subject)).toBeUndefined();
      // Without the key: a dead letter of that key would hold back the genuine messages behind it.
      const reason = `${record.source} may not publish on ${topic}`;
      const parked = "dead_letters WHERE key = '' AND reason = $1";
      await vi.waitUntil(
        async () => (await query(service, `SELECT FROM ${parked}`, [reason])).length > 0,
        { timeout: 30_000, interval: 100 },
      );
      await query(service, `DELETE FROM ${parked}`, [reason]);
      const { body } = await send('GET', `/products/${product.plenty}`);
      expect(body.price.amountMinor).not.toBe(price.amountMinor);
    },
  );
});

describe("with shipping's token in Consul", () => {
  const consul = (method: 'GET' | 'PUT' | 'DELETE', path: string, body?: string, token?: string) =>
    callConsul(
      {
        url: readState(environment)!.backing!['consul']!,
        token: token ?? secrets().consul['shipping']!,
      },
      method,
      `/v1/${path}`,
      body,
    );
  const entry = (Name: string) =>
    JSON.stringify({ ID: `${Name}-attack`, Name: `e2e-${Name}`, Port: 9 });
  const key = (folder: string) => `kv/${system.name}/e2e/${folder}/LOG_LEVEL`;
  const requests: Record<string, Parameters<typeof consul>> = {
    'registers as identity': ['PUT', 'agent/service/register', entry('identity')],
    'registers as the gateway': ['PUT', 'agent/service/register', entry('gateway')],
    'registers beside the agent': [
      'PUT',
      'catalog/register',
      JSON.stringify({
        Node: 'x',
        Address: '127.0.0.1',
        Service: { Service: 'e2e-identity', Port: 9 },
      }),
    ],
    'writes its own settings': ['PUT', key('shipping'), '1'],
    'writes the settings of identity': ['PUT', key('identity'), '1'],
    'writes the settings of all': ['PUT', key('common'), '1'],
    'deletes settings': ['DELETE', key('ordering')],
    'creates a token': ['PUT', 'acl/token', '{}'],
    'reads tokens': ['GET', 'acl/tokens'],
    'stops the agent': ['PUT', 'agent/leave'],
    'writes without a token': ['PUT', key('shipping'), '1', ''],
    'registers without a token': ['PUT', 'agent/service/register', entry('shipping'), ''],
  };
  it.each(Object.keys(requests))('is refused: a client that %s', async (what) => {
    expect((await consul(...requests[what]!)).status).toBe(403);
  });
  it('is refused: a client that deregisters others', async () => {
    const { text } = await consul('GET', 'catalog/service/e2e-identity');
    const [{ ServiceID }] = JSON.parse(text) as [{ ServiceID: string }];
    const path = `agent/service/deregister/${ServiceID}`;
    expect((await consul('PUT', path)).status).toBe(403);
  });
});

describe('with the role of a service in PostgreSQL', () => {
  const rejections: Record<string, [service: string, sql: string]> = {
    'events are not changed': ['ordering', "UPDATE events SET data = '{}'"],
    'events are not deleted': ['ordering', 'DELETE FROM events'],
    'no table is dropped': ['ordering', 'DROP TABLE events'],
    'no table is created': ['shipping', 'CREATE TABLE attack (id int)'],
    'no schema is created': ['shipping', 'CREATE SCHEMA attack'],
    'no program runs': ['shipping', "COPY (SELECT 1) TO PROGRAM 'true'"],
    'no file is read': ['shipping', "SELECT pg_read_file('PG_VERSION')"],
    'no role is created': ['shipping', 'CREATE ROLE attack SUPERUSER'],
    'no password is read': ['shipping', 'SELECT rolpassword FROM pg_authid'],
    'the role of the owner is not taken': ['shipping', 'SET ROLE e2e_shipping_owner'],
  };
  it.each(Object.keys(rejections))('%s', async (what) => {
    const [service, sql] = rejections[what]!;
    await expect(query(service, sql)).rejects.toThrow(/permission denied|must be owner/);
  });
  it("another service's database is not entered", async () => {
    const { databases } = inject('shop');
    const url = new URL(databases['shipping']!);
    url.pathname = new URL(databases['ordering']!).pathname;
    const client = new pg.Client({ connectionString: url.href });
    await expect(client.connect()).rejects.toThrow(/permission denied/);
    expect(victim.orderId).toBeDefined();
  });
});
