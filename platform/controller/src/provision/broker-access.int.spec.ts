import { brokerSettings } from '@fieldguide/messaging/broker-url';
import { apps } from '@fieldguide/platform-host/apps';
import { Environment } from '@fieldguide/platform-host/environment';
import { system } from '@fieldguide/platform-host/system';
import { brokerGrants, topics as topicsOf } from '@fieldguide/platform-model/derive';
import kafkajs, { Kafka, logLevel } from 'kafkajs';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { instanceEnvironment } from '../runner/instance-environment.ts';
import { brokerUrlOf, provisionAccess, subscriptions } from './broker-access.ts';
import { provisionTopics } from './topics.ts';

const { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } = kafkajs;
const { postgres, kafka: adminUrl, consul } = inject('backing');
const environment = new Environment('int-access');
const prefix = environment.topicPrefix;
const secrets = environment.secrets(apps.map(({ name }) => name));
const grants = brokerGrants(system, subscriptions());
const topics = topicsOf(system).map(({ name }) => name);
/** A topic of commands, which carry payment tokens, and an app that neither sends nor handles them. */
const requests = topicsOf(system).find(({ kind }) => kind === 'commands')!.name;
const stranger = grants.find(
  ({ publishes, consumes }) =>
    publishes.length > 0 && consumes.length > 1 && ![...publishes, ...consumes].includes(requests),
)!;

/** @param retries a new topic has no leader for a moment */
const clientAt = (url: string, retries = 0) =>
  new Kafka({
    clientId: 'access-spec',
    ...brokerSettings(url),
    logLevel: logLevel.NOTHING,
    retry: { retries },
  });
const clientOf = (app: string) => clientAt(brokerUrlOf(app, adminUrl, environment, secrets));
const provision = (own = secrets) =>
  provisionAccess(adminUrl, environment, own, false, (line) => expect.fail(line));

/** Sends one record. @returns why it was refused */
async function publish(client: Kafka, topic: string): Promise<string | undefined> {
  const producer = client.producer({ allowAutoTopicCreation: false });
  try {
    await producer.connect();
    await producer.send({ topic: prefix + topic, messages: [{ key: 'k', value: '{}' }] });
    return undefined;
  } catch (error) {
    return (error as Error).message;
  } finally {
    await producer.disconnect();
  }
}

/** Reads one record. @returns why it was refused */
async function read(client: Kafka, topic: string, group: string): Promise<string | undefined> {
  const consumer = client.consumer({ groupId: prefix + group, allowAutoTopicCreation: false });
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  consumer.on('consumer.crash', ({ payload }) => resolve(payload.error.message));
  try {
    await consumer.connect();
    await consumer.subscribe({ topic: prefix + topic, fromBeginning: true });
    await consumer.run({ eachMessage: async () => resolve(undefined) });
    return await promise;
  } catch (error) {
    return (error as Error).message;
  } finally {
    await consumer.disconnect();
  }
}

beforeAll(async () => {
  await Promise.all([provisionTopics(adminUrl, environment), provision()]);
  for (const topic of topics) expect(await publish(clientAt(adminUrl, 5), topic)).toBeUndefined();
});

describe('an app at the broker', () => {
  it.each(grants)('$app publishes on its own topics only', async ({ app, publishes }) => {
    for (const topic of topics) {
      const refused = await publish(clientOf(app), topic);
      if (publishes.includes(topic)) expect(refused, topic).toBeUndefined();
      else expect(refused, topic).toMatch(/authoriz|UNKNOWN_TOPIC/i);
    }
  });

  it('reads what it handles, and no command that is addressed to another', async () => {
    const { app, consumes } = stranger;
    for (const topic of consumes) {
      const group = `${app}-1-1.broadcast`;
      expect(await read(clientOf(app), topic, group), topic).toBeUndefined();
    }
    const refused = /authorized|does not host this topic/i;
    expect(await read(clientOf(app), requests, app)).toMatch(refused);
    expect(await read(clientOf(app), consumes[0]!, 'another-group')).toMatch(/group/i);
  });

  it('is refused with a wrong password, and with none', async () => {
    const own = brokerUrlOf(stranger.app, adminUrl, environment, secrets);
    const wrong = own.replace(/:[^:@]+@/, ':wrong@');
    const anonymous = own.replace(/\/\/.*@/, '//');
    for (const url of [wrong, anonymous])
      expect(await publish(clientAt(url), stranger.publishes[0]!)).toEqual(expect.any(String));
  });

  it('never gets the credentials of the administrator or of another app', () => {
    const passwords = new Map(
      apps.map(({ name }) => [name, environment.brokerPassword(name, secrets)]),
    );
    const administrator = brokerSettings(adminUrl).sasl as { readonly password: string };
    const backing = {
      postgres: { url: postgres },
      kafka: { url: adminUrl },
      consul: consul,
    };
    for (const app of apps) {
      const variables = instanceEnvironment(app, environment, backing, secrets, new Map());
      const all = Object.values(variables).join('\n');
      expect(all).not.toContain(administrator.password);
      for (const [name, password] of passwords)
        if (name !== app.name) expect(all).not.toContain(password);
      if (!grants.some((each) => each.app === app.name)) continue;
      const { sasl } = brokerSettings(variables['MESSAGING_URL']!);
      expect(sasl).toMatchObject({ mechanism: 'scram-sha-512', username: prefix + app.name });
    }
  });
});

describe('provisioning', () => {
  it('takes back what the map does not grant', async () => {
    const { app, publishes } = stranger;
    const admin = clientAt(adminUrl).admin();
    const other = topics.find((topic) => !publishes.includes(topic))!;
    const entry = {
      principal: `User:${prefix}${app}`,
      host: '*',
      operation: AclOperationTypes.WRITE,
      permissionType: AclPermissionTypes.ALLOW,
      resourceType: AclResourceTypes.TOPIC,
      resourceName: prefix + other,
      resourcePatternType: ResourcePatternTypes.LITERAL,
    };
    await admin.connect();
    await admin.createAcls({ acl: [entry] });
    expect(await publish(clientOf(app), other)).toBeUndefined();
    await provision();
    expect((await admin.describeAcls(entry)).resources).toEqual([]);
    await admin.disconnect();
    expect(await publish(clientOf(app), other)).toMatch(/authoriz/i);
  });

  it('makes a changed secret take effect', async () => {
    const { app, publishes } = stranger;
    const changed = { ...secrets, kafkaSecret: 'another' };
    await provision(changed);
    expect(await publish(clientOf(app), publishes[0]!)).toEqual(expect.any(String));
    const next = clientAt(brokerUrlOf(app, adminUrl, environment, changed));
    expect(await publish(next, publishes[0]!)).toBeUndefined();
    await provision();
    expect(await publish(clientOf(app), publishes[0]!)).toBeUndefined();
  });

  it('warns about a broker that knows no users, and continues', async () => {
    const lines: string[] = [];
    await provisionAccess('kafka://a:1', environment, secrets, false, (line) => lines.push(line));
    expect(lines).toEqual([expect.stringContaining('knows no users')]);
  });
});
