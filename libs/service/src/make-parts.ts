import { readFileSync } from 'node:fs';
import { RevokedSessions } from '@fieldguide/auth';
import { SystemClock, SystemIds } from '@fieldguide/clock';
import { ConsulKv, loadConfig } from '@fieldguide/config';
import {
  Database,
  databaseMigrations,
  Leases,
  PostgresNotifier,
  PostgresUnitOfWorkRunner,
} from '@fieldguide/database';
import { ConsulRegistry } from '@fieldguide/discovery';
import { KafkaMessaging } from '@fieldguide/messaging';
import { Health, makeLog } from '@fieldguide/telemetry';
import type { ServiceDefinition } from './definition.ts';
import type { BuildInfo, PartsOf } from './parts.ts';
import { ServiceClient } from './service-client.ts';
import type { ServiceSettings } from './settings.ts';

/** The parts with the methods that only start-up and shutdown need. */
export interface RunningParts<Settings> extends PartsOf<Settings> {
  readonly kv: ConsulKv;
  readonly registry: ConsulRegistry;
  readonly notifier?: PostgresNotifier;
}

/** Loads the configuration and creates the infrastructure of a service, without connecting. */
export async function makeParts<Settings extends ServiceSettings>(
  definition: ServiceDefinition<Settings>,
  env: NodeJS.ProcessEnv = process.env,
): Promise<RunningParts<Settings>> {
  const { name } = definition;
  const { CONSUL_HTTP_ADDR, SYSTEM_NAME, ENVIRONMENT } = env;
  const root = `${SYSTEM_NAME}/${ENVIRONMENT}`;
  const kv = new ConsulKv(CONSUL_HTTP_ADDR ?? 'http://127.0.0.1:8500', root, name);
  if (CONSUL_HTTP_ADDR) await kv.read();
  const config = loadConfig(definition.config, env, kv);
  const settings = config.values;
  const build = readBuildInfo(settings.INSTANCE);
  const log = makeLog(name, settings.INSTANCE, settings.LOG_LEVEL);
  const [clock, ids, health] = [new SystemClock(), new SystemIds(), new Health()];
  const registry = new ConsulRegistry(settings.CONSUL_HTTP_ADDR, settings.ENVIRONMENT, clock, log);
  const serviceClient = new ServiceClient(name, settings.CLIENT_SECRET, registry, clock);
  health.register('consul', () =>
    kv.error ? { state: 'degraded', detail: kv.error } : registry.state(),
  );

  const parts = {
    name,
    build,
    config,
    log,
    clock,
    ids,
    health,
    registry,
    serviceClient,
    revokedSessions: new RevokedSessions(clock),
    kv,
  };
  return {
    ...parts,
    ...dataParts(definition, settings, parts),
    ...messagingParts(settings, parts),
  };
}

type BaseParts = Pick<PartsOf<object>, 'name' | 'log' | 'clock' | 'ids' | 'health'>;

function dataParts<Settings extends ServiceSettings>(
  { name, database: wanted }: ServiceDefinition<Settings>,
  { DATABASE_URL, INSTANCE }: Settings,
  { clock, ids, health }: BaseParts,
) {
  if (!wanted || !DATABASE_URL) return {};
  const database = new Database({
    url: DATABASE_URL,
    name: INSTANCE,
    entities: wanted.entities,
    migrations: [...databaseMigrations, ...wanted.migrations],
  });
  health.register('database', () => database.query('SELECT 1').then(() => 'ok' as const));
  const notifier = new PostgresNotifier(clock, DATABASE_URL);
  const units = new PostgresUnitOfWorkRunner(database, { service: name, clock, ids }, notifier);
  const leases = new Leases(database, INSTANCE);
  return { database, notifier, units, leases };
}

function messagingParts(settings: ServiceSettings, { clock, log, health }: BaseParts) {
  const { MESSAGING_URL: url, ENVIRONMENT, INSTANCE } = settings;
  if (!url) return {};
  const prefix = ENVIRONMENT === 'local' ? '' : `${ENVIRONMENT}.`;
  const messaging = new KafkaMessaging({ url, clientId: INSTANCE, prefix, clock, log });
  health.register('messaging', () => messaging.state());
  return { messaging };
}

/** Reads the build from the artifact; there is none when running from source. */
function readBuildInfo(instance: string): BuildInfo {
  const startedAt = new Date(performance.timeOrigin).toISOString();
  try {
    const text = readFileSync(new URL('./artifact.json', import.meta.url), 'utf8');
    const { version, commit, digest } = JSON.parse(text) as BuildInfo;
    return { version, commit, digest, startedAt, instance };
  } catch {
    return { version: 'source', commit: 'source', digest: 'source', startedAt, instance };
  }
}
