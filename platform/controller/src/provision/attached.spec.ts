import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Environment as AnyEnvironment } from '@fieldguide/platform-host/environment';
import { useTestWorkspace } from '@fieldguide/platform-host/testing/workspace';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

const workspace = useTestWorkspace();
const { Environment } = await import('@fieldguide/platform-host/environment');
const { thumbprintOf } = await import('@fieldguide/platform-host/signing-keys');
const { attachedAddresses, writeSecrets } = await import('./attached.ts');

const folder = join(workspace, 'secrets');
let environment: AnyEnvironment;
beforeEach(() => {
  environment = new Environment('spec-attached');
  vi.stubEnv('FIELDGUIDE_POSTGRES_URL', 'postgres://postgres@database:5432/postgres');
  vi.stubEnv('FIELDGUIDE_KAFKA_URL', 'kafka://broker:9092');
  vi.stubEnv('FIELDGUIDE_CONSUL_URL', 'http://registry:8500');
});
afterEach(() => {
  vi.unstubAllEnvs();
});
const read = (...path: string[]) => readFileSync(join(folder, ...path), 'utf8');

describe('attached backing services', () => {
  it.each(['FIELDGUIDE_POSTGRES_URL', 'FIELDGUIDE_KAFKA_URL', 'FIELDGUIDE_CONSUL_URL'])(
    'are named by variables, and a missing %s is reported',
    (key) => {
      vi.stubEnv(key, '');
      expect(() => attachedAddresses(environment)).toThrow(`${key} is not set.`);
    },
  );
  it("take the environment's own password and token when the address has none", () => {
    const { postgresPassword } = environment.secrets([]);
    expect(new URL(attachedAddresses(environment).postgres.url).password).toBe(postgresPassword);
    expect(attachedAddresses(environment).consul.token).toBe(
      environment.secrets([]).consul['platform'],
    );
    vi.stubEnv('FIELDGUIDE_CONSUL_TOKEN', 'theirs');
    expect(attachedAddresses(environment).consul).toEqual({
      url: 'http://registry:8500',
      token: 'theirs',
    });
    vi.stubEnv('FIELDGUIDE_POSTGRES_URL', 'postgres://boss:own@database:5432/postgres');
    expect(new URL(attachedAddresses(environment).postgres.url).password).toBe('own');
  });
  it("log in to Kafka with the environment's own password when the address names a user without one", () => {
    const password = environment.brokerPassword('_administrator', environment.secrets([]));
    vi.stubEnv('FIELDGUIDE_KAFKA_URL', 'kafka://_administrator@broker:9092?mechanism=plain');
    const { kafka } = attachedAddresses(environment);
    expect(kafka.url).toBe(`kafka://_administrator:${password}@broker:9092?mechanism=plain`);
    expect(attachedAddresses(environment).kafka.url).toBe(kafka.url);
  });
});

describe('the secrets of the services', () => {
  it('are files, each in the folder of its service, and the same the next time', () => {
    const addresses = attachedAddresses(environment);
    writeSecrets(environment, addresses, folder);
    const database = new URL(read('beta', 'DATABASE_URL'));
    expect([database.hostname, database.username, database.pathname]).toEqual([
      'database',
      'spec_attached_beta_app',
      '/spec_attached_beta',
    ]);
    expect(JSON.parse(read('alpha', 'CLIENTS')).beta).toEqual({
      secret: read('beta', 'CLIENT_SECRET'),
      scopes: ['alpha:read'],
    });
    expect(read('beta', 'API_KEY')).toBe(read('alpha-store', 'API_KEY'));
    expect(read('alpha', 'SIGNING_KEY')).toContain('PRIVATE KEY');
    expect(() => read('beta', 'SIGNING_KEY')).toThrow(/ENOENT/);
    const thumbprint = thumbprintOf(read('alpha', 'SIGNING_KEY'));
    expect(read('beta', 'TOKEN_KEY_THUMBPRINTS')).toBe(thumbprint);
    expect(() => read('alpha-store', 'TOKEN_KEY_THUMBPRINTS')).toThrow(/ENOENT/);
    expect(statSync(join(folder, 'beta', 'DATABASE_URL')).mode & 0o777).toBe(0o400);
    const { acl } = JSON.parse(read('consul', 'acl.json'));
    const token = addresses.consul.token;
    expect(acl).toMatchObject({
      default_policy: 'deny',
      tokens: { initial_management: token },
    });
    expect(read('beta', 'CONSUL_HTTP_TOKEN')).not.toBe(read('alpha', 'CONSUL_HTTP_TOKEN'));
    for (const file of ['jaas.conf', 'client.properties'])
      expect(read('kafka', file)).toMatch(/username="_administrator"\s+password="[\w-]{43}"/);
    const before = read('beta', 'DATABASE_URL');
    writeSecrets(environment, addresses, folder);
    expect(read('beta', 'DATABASE_URL')).toBe(before);
  });
});
