import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it, vi } from 'vitest';
import { Environment } from '../environment.ts';
import type { BackingService } from './backing-service.ts';
import { cachedJava } from './java.ts';
import { startKafka } from './kafka.ts';

const environment = new Environment('int-java');
const withoutPrograms = mkdtempSync(environment.path('path-'));
let kafka: BackingService | undefined;
afterAll(async () => {
  vi.unstubAllEnvs();
  await kafka?.stop();
  environment.wipe();
  rmSync(withoutPrograms, { recursive: true });
});

it('starts Kafka on a machine without Java, with the downloaded runtime', async () => {
  environment.wipe();
  vi.stubEnv('FIELDGUIDE_KAFKA_URL', undefined);
  vi.stubEnv('JAVA_HOME', join(withoutPrograms, 'gone'));
  vi.stubEnv('PATH', withoutPrograms);
  kafka = await startKafka({
    environment,
    ports: await environment.ports(['kafka', 'kafkaController']),
    consulToken: '',
    postgresPassword: '',
    kafkaPassword: 'secret',
    choice: undefined,
    report: () => undefined,
    left: undefined,
    spawned: () => undefined,
    signal: AbortSignal.timeout(150_000),
  });
  expect(kafka.origin).toBe(`Apache, Java ${cachedJava()!.version} (PyPI)`);
  expect(kafka.child?.recentOutput()).not.toMatch(/WARNING|terminally deprecated/);
}, 180_000);
