import 'reflect-metadata';
import {
  type BackgroundLoop,
  type Database,
  handledDeadLetters,
  inboxRetention,
  pruneNext,
  type Retention,
  startWorker,
} from '@fieldguide/database';
import { outboxReader, startRelay } from '@fieldguide/messaging';
import { metrics, startTracing } from '@fieldguide/telemetry';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { ServiceDefinition, ServiceTask } from './definition.ts';
import { JwksKeySource } from './jwks-key-source.ts';
import { makeParts } from './make-parts.ts';
import type { PartsOf } from './parts.ts';
import { PublicPort } from './public-port.ts';
import type { ServiceSettings } from './settings.ts';
import { watchMessages } from './watch-messages.ts';
import { openMessaging, openWeb, PUBLIC_KEEP_ALIVE_MS } from './web.ts';

const STOP_WITHIN_MS = 10_000;
const LOOPS_STOP_WITHIN_MS = 3_000;
// Time for routers to receive the deregistration of this instance, on a busy machine.
const ROUTERS_NOTICE_MS = 500;
// Longer than clients keep an idle connection to the public port, so that none is closed during a request.
const CONNECTIONS_LEAVE_MS = PUBLIC_KEEP_ALIVE_MS + 1_000;
const SETTLED_MS = 3_000;
const PRUNE_EVERY_MS = 3_600_000;

/**
 * Runs a service: `node main.cjs` serves, `node main.cjs migrate`, `… seed` and the tasks of its
 * definition are one-off tasks. An error at boot ends the process with a readable reason; SIGTERM drains it.
 */
export async function runService<Settings extends ServiceSettings>(
  definition: ServiceDefinition<Settings>,
): Promise<void> {
  const task = process.argv[2] ?? 'serve';
  try {
    if (task === 'serve') await serve(definition);
    else await runTask(definition, task, process.argv[3]);
  } catch (error) {
    process.stderr.write(`${definition.name} cannot ${task}: ${(error as Error).message}\n`);
    if (process.env.LOG_LEVEL === 'debug') process.stderr.write(`${(error as Error).stack}\n`);
    process.exit(1);
  }
}

async function runTask<Settings extends ServiceSettings>(
  definition: ServiceDefinition<Settings>,
  name: string,
  argument?: string,
): Promise<void> {
  const tasks: Record<string, ServiceTask<Settings>> = {
    migrate: ({ database }) => database.migrate().then(() => ''),
    seed: ({ units, config }) =>
      units.run(async (uow) => definition.database?.seed?.(uow, config.values)).then(() => ''),
    ...definition.tasks,
  };
  const task = tasks[name];
  if (!task) {
    const known = Object.keys(tasks).join(', ');
    throw new Error(`There is no task ${name}. Try: serve (or nothing), ${known}.`);
  }
  const parts = await makeParts(definition);
  const { database } = parts;
  if (!database) return;
  await database.open();
  const result = await task(parts as unknown as Required<PartsOf<Settings>>, argument);
  if (result) process.stdout.write(`${result}\n`);
  await database.close();
}

async function serve<Settings extends ServiceSettings>(
  definition: ServiceDefinition<Settings>,
): Promise<void> {
  const { name } = definition;
  const parts = await makeParts(definition);
  const {
    config,
    log,
    database,
    units,
    messaging,
    notifier,
    leases,
    registry,
    serviceClient,
    health,
    clock,
  } = parts;
  const settings = config.values;
  const stopTracing = await startTracing(settings.OTEL_EXPORTER_OTLP_ENDPOINT);
  metrics.collectProcess();

  await database?.open();
  await database?.assertMigrated();
  await notifier?.open();
  parts.kv.watch(() => {
    const { changed, refused } = config.refresh(parts.kv.values);
    if (changed.includes('LOG_LEVEL')) log.level = settings.LOG_LEVEL;
    if (changed.length > 0) log.info({ changed }, 'Live settings changed');
    if (refused) log.warn({ refused }, 'A live setting is invalid; the old value stays');
  });

  const keys = definition.keys?.(settings) ?? new JwksKeySource(serviceClient);
  const app = await openWeb(parts as PartsOf<object>, definition, keys);
  await definition.serve?.(app, parts);
  await openMessaging(app, parts as PartsOf<object>);
  await app.listen({ port: settings.PORT, host: settings.HOST });
  const publicPort = await openPublicPort(app, parts as PartsOf<object>, settings);

  const all = parts as unknown as Required<PartsOf<Settings>>;
  const loops: BackgroundLoop[] = [
    ...watchMessages(parts as PartsOf<object>),
    ...(definition.everywhere?.(all, app) ?? []),
  ];
  if (settings.PROCESSES.has('worker')) {
    if (database && messaging && leases && notifier) {
      const loop = { notifier, clock, log };
      const current = definition.database?.currentState;
      const source = outboxReader(database, current && units && { units, current });
      loops.push(startRelay(source, messaging, leases, loop));
    }
    if (database && notifier) {
      const prune = {
        notifier,
        clock,
        log,
        name: 'prune',
        channel: 'prune',
        idleMs: PRUNE_EVERY_MS,
      };
      const retention = [
        inboxRetention,
        handledDeadLetters,
        ...(definition.database?.retention?.(settings) ?? []),
      ];
      loops.push(startWorker(prune, (signal) => pruneAll(database, retention, signal)));
    }
    loops.push(...(definition.work?.(all, app) ?? []));
  }
  const { port } = app.getHttpServer().address() as { port: number };
  if (settings.PROCESSES.has('web')) {
    const address = settings.ADVERTISED_HOST ?? settings.HOST;
    registry.register({
      id: settings.INSTANCE,
      service: name,
      address,
      port,
      version: parts.build.version,
    });
  }
  log.info({ port, ms: Math.round(performance.now()) }, `${name} is ready`);
  // Run a full GC once (node --expose-gc): V8 keeps start-up garbage until there is memory pressure.
  setTimeout(
    () => globalThis.gc?.({ type: 'major', execution: 'sync', flavor: 'last-resort' }),
    SETTLED_MS,
  ).unref();

  let stopping = false;
  const stop = async (signal: string) => {
    if (stopping) return;
    stopping = true;
    log.info({ signal }, 'Stopping: finishing current work');
    setTimeout(() => {
      log.error('Work was not finished after 10 s; exiting');
      process.exit(1);
    }, STOP_WITHIN_MS).unref();
    health.drain();
    await Promise.all([
      registry.deregister().then(() => clock.sleep(ROUTERS_NOTICE_MS)),
      publicPort?.drain(CONNECTIONS_LEAVE_MS),
    ]);
    // A relay may wait for a broker that does not respond; closing the transport below aborts its publish.
    await Promise.race([
      Promise.all(loops.map((loop) => loop.stop())),
      clock.sleep(LOOPS_STOP_WITHIN_MS),
    ]);
    await app.close();
    await Promise.all([
      messaging?.close(),
      serviceClient.close(),
      notifier?.close(),
      stopTracing(),
    ]);
    parts.kv.close();
    await database?.close();
    process.exit(0);
  };
  process.on('SIGTERM', () => void stop('SIGTERM'));
  process.on('SIGINT', () => void stop('SIGINT'));
  process.on('uncaughtException', (error) => {
    log.fatal({ err: error }, 'Uncaught error; exiting so that a new instance takes over');
    process.exit(1);
  });
}

/** Prunes all tables by their retention. A failed table does not stop the others. */
async function pruneAll(
  database: Database,
  retention: readonly Retention[],
  signal: AbortSignal,
): Promise<false> {
  const failed: unknown[] = [];
  for (const each of retention) {
    try {
      while (!signal.aborted && (await pruneNext(database, each)));
    } catch (error) {
      failed.push(error);
    }
  }
  if (failed.length > 0) throw failed[0];
  return false;
}

async function openPublicPort(
  app: NestFastifyApplication,
  { clock, log, health }: PartsOf<object>,
  { HOST: host, PUBLIC_PORT: port }: ServiceSettings,
): Promise<PublicPort | undefined> {
  if (port === undefined) return undefined;
  const publicPort = new PublicPort(app.getHttpServer(), { host, port }, clock, log);
  health.register('public port', () => publicPort.state());
  await publicPort.open();
  return publicPort;
}
