import { rmSync } from 'node:fs';
import { brokerSettings } from '@fieldguide/messaging/broker-url';
import type { Environment as AnyEnvironment } from '@fieldguide/platform-host/environment';
import { testSystem, useTestWorkspace } from '@fieldguide/platform-host/testing/workspace';
import { topics as topicsOf } from '@fieldguide/platform-model/derive';
import { type Admin, Kafka, logLevel } from 'kafkajs';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';

// `local` has no prefix in its names: the case in which a foreign object is most easily taken for ours.
const workspace = useTestWorkspace();
const { Environment } = await import('@fieldguide/platform-host/environment');
const { dropDatabases, provisionDatabases } = await import('./databases.ts');
const { dropTopics, provisionTopics, assertNoForeignTopics } = await import('./topics.ts');

const topics = topicsOf(testSystem);
const services = ['alpha', 'beta'];
const { postgres, kafka } = inject('backing');
const local = new Environment('local');
const secretsOf = (environment: AnyEnvironment) => environment.secrets(services);

let admin: pg.Client;
beforeAll(async () => {
  admin = new pg.Client({ connectionString: postgres });
  await admin.connect();
});
afterAll(async () => {
  await admin.end();
  vi.unstubAllEnvs();
  rmSync(workspace, { recursive: true });
});
const names = async (query: string) =>
  (await admin.query<{ name: string }>(query)).rows.map(({ name }) => name);
const databases = () => names('SELECT datname AS name FROM pg_database');
const roles = () => names('SELECT rolname AS name FROM pg_roles');
const provision = (environment: AnyEnvironment, secrets = secretsOf(environment)) =>
  provisionDatabases(postgres, environment, services, secrets);
const drop = (environment: AnyEnvironment, secrets = secretsOf(environment)) =>
  dropDatabases(postgres, environment, services, secrets);

describe('a database server that others use too', () => {
  it('keeps a foreign database of the same name, and provisioning reports the remedy', async () => {
    await admin.query('CREATE DATABASE alpha');
    await expect(provision(local)).rejects.toMatchObject({
      message: expect.stringContaining('the database alpha'),
      hint: expect.stringContaining('--env'),
    });
    expect(await roles()).not.toContain('beta_owner'); // nothing was changed
    await drop(local);
    expect(await databases()).toContain('alpha');
    await admin.query('DROP DATABASE alpha');
  });

  it('keeps a foreign role and its password', async () => {
    await admin.query("CREATE ROLE alpha_app LOGIN PASSWORD 'theirs'");
    await expect(provision(local)).rejects.toThrow('the role alpha_app');
    const otherAddress = new URL(postgres);
    [otherAddress.username, otherAddress.password] = ['alpha_app', 'theirs'];
    const client = new pg.Client({ connectionString: otherAddress.href });
    await client.connect();
    await client.end();
    await admin.query('DROP ROLE alpha_app');
  });

  it('loses what we created, and nothing of an installation with the same environment name', async () => {
    await provision(local);
    await provision(local); // changes nothing
    expect(await databases()).toEqual(expect.arrayContaining(services));
    const otherSecrets = { ...secretsOf(local), postgresPassword: "another machine's" };
    await expect(provision(local, otherSecrets)).rejects.toThrow('the role alpha_owner');
    await drop(local, otherSecrets);
    expect(await databases()).toEqual(expect.arrayContaining(services));
    await drop(local);
    expect((await databases()).filter((name) => services.includes(name))).toEqual([]);
    await provision(local); // the roles that stayed are ours
    await drop(local);
  });

  it('completes a database that a crash left half made', async () => {
    await provision(local);
    await admin.query('COMMENT ON DATABASE alpha IS NULL');
    await admin.query('REVOKE CONNECT ON DATABASE alpha FROM alpha_app');
    await provision(local);
    const { rows } = await admin.query(
      "SELECT has_database_privilege('alpha_app', 'alpha', 'CONNECT') AS can",
    );
    expect(rows).toEqual([{ can: true }]);
    await drop(local);
  });

  it('accepts the roles and databases of a version that left no comment', async () => {
    await provision(local);
    for (const service of services) {
      await admin.query(`COMMENT ON DATABASE ${service} IS NULL`);
      await admin.query(`COMMENT ON ROLE ${service}_owner IS NULL`);
      await admin.query(`COMMENT ON ROLE ${service}_app IS NULL`);
    }
    await drop(local);
    expect(await databases()).toEqual(expect.arrayContaining(services)); // not yet marked
    await provision(local);
    await drop(local);
    expect((await databases()).filter((name) => services.includes(name))).toEqual([]);
    for (const each of services) await admin.query(`DROP ROLE ${each}_owner, ${each}_app`);
  });
});

describe('a broker that others use too', () => {
  const [first, ...others] = topics.map(({ name }) => name);
  const broker = new Kafka({
    clientId: 'ownership',
    ...brokerSettings(kafka),
    logLevel: logLevel.NOTHING,
  });
  // Each call with a client of its own: kafkajs keeps requesting topics that it has seen, also when they are deleted.
  const withAdmin = async <T>(work: (own: Admin) => Promise<T>): Promise<T> => {
    const own = broker.admin();
    await own.connect();
    return work(own).finally(() => own.disconnect());
  };
  const create = (topic: string) =>
    withAdmin((own) =>
      own.createTopics({ waitForLeaders: true, topics: [{ topic, numPartitions: 1 }] }),
    );
  const remove = (topic: string) => withAdmin((own) => own.deleteTopics({ topics: [topic] }));
  const commit = (groupId: string, topic: string) =>
    withAdmin((own) =>
      own.setOffsets({ groupId, topic, partitions: [{ partition: 0, offset: '0' }] }),
    );
  const groups = () =>
    withAdmin(async (own) => (await own.listGroups()).groups.map(({ groupId }) => groupId));
  const existing = () => withAdmin((own) => own.listTopics());

  it('loses our topics and groups, and keeps foreign ones', async () => {
    await create('their.letters');
    await provisionTopics(kafka, local);
    const otherAddress = ['their-group', 'front'];
    await Promise.all([
      commit('their-group', 'their.letters'),
      commit('front', 'their.letters'), // our name, but it reads another topic
      commit('alpha', first!),
      commit('beta-1-17.broadcast', first!),
    ]);
    await assertNoForeignTopics(kafka, local, false);
    await dropTopics(kafka, local, false);
    const left = await groups();
    expect(left).toEqual(expect.arrayContaining(otherAddress));
    expect(left).not.toContain('alpha');
    expect(left).not.toContain('beta-1-17.broadcast');
    expect(await existing()).toContain('their.letters');
    expect((await existing()).filter((topic) => others.includes(topic))).toEqual([]);
    await withAdmin((own) => own.deleteGroups(otherAddress));
    await remove('their.letters');
  });

  it('uses a foreign topic of the same name as it is, and refuses a reset', async () => {
    await create(first!);
    await provisionTopics(kafka, local);
    await expect(assertNoForeignTopics(kafka, local, false)).rejects.toThrow(first!);
    await assertNoForeignTopics(kafka, local, true); // in our own broker everything is ours
    await dropTopics(kafka, local, false);
    expect((await existing()).filter((each) => [first, ...others].includes(each))).toEqual([first]);
    await remove(first!);
  });
});
