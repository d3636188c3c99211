import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it, vi } from 'vitest';
import { Environment } from '../environment.ts';
import type { BackingService, StartContext } from './backing-service.ts';
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

const context = async (
  kafkaPassword: string,
  left?: StartContext['left'],
): Promise<StartContext> => ({
  environment,
  ports: await environment.ports(left ? [] : ['kafka', 'kafkaController']),
  postgresPassword: '',
  consulToken: '',
  kafkaPassword,
  choice: undefined,
  report: () => undefined,
  left,
  spawned: () => undefined,
  signal: AbortSignal.timeout(150_000),
});

it('starts Kafka on a machine without Java, with the downloaded runtime', async () => {
  environment.wipe();
  vi.stubEnv('FIELDGUIDE_KAFKA_URL', undefined);
  vi.stubEnv('JAVA_HOME', join(withoutPrograms, 'gone'));
  vi.stubEnv('PATH', withoutPrograms);
  kafka = await startKafka(await context('secret'));
  expect(kafka.origin).toBe(`Apache, Java ${cachedJava()!.version} (PyPI)`);
  expect(kafka.child?.recentOutput()).not.toMatch(/WARNING|terminally deprecated/);
}, 180_000);

it('adopts the broker that a killed platform has left, unless its password is another', async () => {
  const left = kafka!.child!.record;
  const adopted = await startKafka(await context('secret', left));
  expect(adopted.child!.record).toEqual(left);
  kafka = await startKafka(await context('another', left));
  expect(kafka.child!.record).not.toEqual(left);
  expect(adopted.child!.isRunning).toBe(false);
}, 180_000);
