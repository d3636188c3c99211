import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Environment } from '@fieldguide/platform-host/environment';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { attachedAddresses, writeSecrets } from './attached.ts';

let folder: string;
let environment: Environment;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fieldguide-'));
  environment = new Environment('spec-attached');
  vi.stubEnv('FIELDGUIDE_POSTGRES_URL', 'postgres://postgres@database:5432/postgres');
  vi.stubEnv('FIELDGUIDE_KAFKA_URL', 'kafka://broker:9092');
  vi.stubEnv('FIELDGUIDE_CONSUL_URL', 'http://registry:8500');
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
  rmSync(environment.folder, { recursive: true });
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
  it("take the environment's own password when the address has none", () => {
    const { postgresPassword } = environment.secrets([]);
    expect(new URL(attachedAddresses(environment).postgres.url).password).toBe(postgresPassword);
    vi.stubEnv('FIELDGUIDE_POSTGRES_URL', 'postgres://boss:own@database:5432/postgres');
    expect(new URL(attachedAddresses(environment).postgres.url).password).toBe('own');
  });
});

describe('the secrets of the services', () => {
  it('are files, each in the folder of its service, and the same the next time', () => {
    const addresses = attachedAddresses(environment);
    writeSecrets(environment, addresses, folder);
    const database = new URL(read('ordering', 'DATABASE_URL'));
    expect([database.hostname, database.username, database.pathname]).toEqual([
      'database',
      'spec_attached_ordering_app',
      '/spec_attached_ordering',
    ]);
    expect(JSON.parse(read('identity', 'CLIENTS')).shipping).toEqual({
      secret: read('shipping', 'CLIENT_SECRET'),
      scopes: ['orders:address:read'],
    });
    expect(read('payments', 'PROVIDER_API_KEY')).toBe(read('payment-provider', 'PROVIDER_API_KEY'));
    expect(read('identity', 'SIGNING_KEY')).toContain('PRIVATE KEY');
    expect(() => read('catalog', 'SIGNING_KEY')).toThrow(/ENOENT/);
    expect(statSync(join(folder, 'ordering', 'DATABASE_URL')).mode & 0o777).toBe(0o400);
    const before = read('ordering', 'DATABASE_URL');
    writeSecrets(environment, addresses, folder);
    expect(read('ordering', 'DATABASE_URL')).toBe(before);
  });
});
