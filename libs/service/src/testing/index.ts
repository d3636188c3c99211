import { KeySource } from '@fieldguide/auth';
import { MemoryMessaging } from '@fieldguide/messaging';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { ServiceDefinition } from '../definition.ts';
import { makeParts } from '../make-parts.ts';
import type { PartsOf } from '../parts.ts';
import type { ServiceSettings } from '../settings.ts';
import { openWeb } from '../web.ts';

export interface ServiceUnderTest<Settings> {
  readonly app: NestFastifyApplication;
  readonly parts: PartsOf<Settings>;
  close(): Promise<void>;
}

/** A port that refuses every connection: backing services that a test does not start are unreachable. */
const UNREACHABLE = '127.0.0.1:9';

/**
 * The real application of a service on a database of its own, without Kafka and Consul: messages stay in this process,
 * no other service can be called. Not yet listening; guard, pipes and filters are those of the running system.
 * @param env further configuration of the service
 * @param keys verifies tokens, unless the service has keys of its own
 */
export async function openForTest<Settings extends ServiceSettings>(
  definition: ServiceDefinition<Settings>,
  env: Readonly<Record<string, string>>,
  keys: KeySource,
): Promise<ServiceUnderTest<Settings>> {
  const parts = await makeParts(definition, {
    SYSTEM_NAME: 'test',
    ENVIRONMENT: 'test',
    INSTANCE: `${definition.name}-test`,
    PORT: '0',
    LOG_LEVEL: 'error',
    CONSUL_HTTP_ADDR: `http://${UNREACHABLE}`,
    MESSAGING_URL: `kafka://${UNREACHABLE}`,
    ...env,
  });
  const { database, notifier, serviceClient, kv } = parts;
  const messaging = parts.messaging && new MemoryMessaging(parts.clock);
  const used = { ...parts, ...(messaging && { messaging }) } as PartsOf<Settings>;
  await database?.open();
  await database?.migrate();
  const own = definition.keys?.(parts.config.values) ?? keys;
  const app = await openWeb(used, definition, own);
  return {
    app,
    parts: used,
    async close() {
      await app.close();
      await Promise.all([serviceClient.close(), notifier?.close(), parts.messaging?.close()]);
      kv.close();
      await database?.close();
    },
  };
}

export { JwksKeySource } from '../jwks-key-source.ts';
export { OnSessionEnded, SessionEndedMessage } from '../on-session-ended.ts';
export { TokenResponse } from '../service-client.ts';
