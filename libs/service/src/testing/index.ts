import { BlockList } from 'node:net';
import type { KeySource } from '@fieldguide/auth';
import { Clock } from '@fieldguide/clock';
import { instancesOf, Runtime } from '@fieldguide/config';
import { Database } from '@fieldguide/database';
import { Messaging } from '@fieldguide/messaging';
import { MemoryMessaging } from '@fieldguide/messaging/parts';
import type { Type } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test, type TestingModule } from '@nestjs/testing';
import { configure } from '../application.ts';
import { JwksKeySource } from '../jwks-key-source.ts';
import { RootModule } from '../root.module.ts';
import { adapterTrusting } from '../trusted-proxies.ts';

/** A port that refuses every connection: backing services that a test does not start are unreachable. */
const UNREACHABLE = '127.0.0.1:9';

export interface TestOptions {
  /** Further configuration of the service. */
  readonly env?: Readonly<Record<string, string>>;
  /** Verifies tokens, unless the service has keys of its own. */
  readonly keys?: KeySource;
  /** Replaces providers: token → value. */
  readonly replaced?: readonly (readonly [unknown, unknown])[];
}

/** The real providers of a service, which connect nothing, and messages that stay in this process. Not initialised. */
export function compileForTest(
  module: Type,
  { env, keys, replaced = [] }: TestOptions = {},
): Promise<TestingModule> {
  const runtime = new Runtime(
    {
      SYSTEM_NAME: 'test',
      ENVIRONMENT: 'test',
      INSTANCE: 'test-1',
      PORT: '0',
      LOG_LEVEL: 'error',
      CONSUL_HTTP_ADDR: `http://${UNREACHABLE}`,
      MESSAGING_URL: `kafka://${UNREACHABLE}`,
      DATABASE_URL: `postgres://${UNREACHABLE}/test`,
      ...env,
    },
    false,
  );
  const builder = Test.createTestingModule({ imports: [RootModule.of(module, runtime)] });
  const inMemory = { inject: [Clock], factory: (clock: Clock) => new MemoryMessaging(clock) };
  builder.overrideProvider(Messaging).useFactory(inMemory);
  if (keys) builder.overrideProvider(JwksKeySource).useValue(keys);
  for (const [token, value] of replaced) builder.overrideProvider(token).useValue(value);
  return builder.compile();
}

/**
 * The real application of a service on a migrated database, without Kafka and Consul: no other service can be called, no
 * worker runs. Not yet listening; guard, pipes and filters are those of the running system. `app.close()` ends it.
 */
export async function openForTest(
  module: Type,
  options: TestOptions = {},
): Promise<NestFastifyApplication> {
  const compiled = await compileForTest(module, options);
  const nestOptions = { logger: false, abortOnError: false, bodyParser: false } as const;
  const proxies = new BlockList();
  const adapter = adapterTrusting(proxies);
  const app = compiled.createNestApplication<NestFastifyApplication>(adapter, nestOptions);
  configure(app, proxies);
  await app.init();
  for (const database of instancesOf(app.get(ModulesContainer), Database)) await database.migrate();
  return app;
}

export { JwksKeySource } from '../jwks-key-source.ts';
export { OnSessionEnded, SessionEndedMessage } from '../on-session-ended.ts';
export { TokenResponse } from '../service-client.ts';
