import { existsSync, readFileSync, rmSync } from 'node:fs';
import { type App, apps, databaseServices } from '@fieldguide/platform-host/apps';
import type {
  Addresses,
  BackingName,
  BackingService,
} from '@fieldguide/platform-host/backing-services/backing-service';
import {
  type Environment,
  type Secrets,
  writeFileSafely,
} from '@fieldguide/platform-host/environment';
import { system } from '@fieldguide/platform-host/system';
import { fileFolders } from '@fieldguide/platform-model/derive';
import { runTask } from '../runner/instance.ts';
import type { Artifact } from '../stager/stage.ts';
import { provisionAccess } from './broker-access.ts';
import { dropDatabases, provisionDatabases } from './databases.ts';
import { dropSettings, provisionSettings } from './settings.ts';
import { provisionTokens } from './tokens.ts';
import { assertNoForeignTopics, dropTopics, provisionTopics } from './topics.ts';

type Settings = Readonly<Record<string, Readonly<Record<string, string>>>>;
type WarningListener = (line: string) => void;

/**
 * What is there before any app runs: databases and roles, topics, users of Kafka, settings, Consul's tokens. Running it
 * again changes nothing.
 */
export async function provision(
  environment: Environment,
  backing: Addresses,
  secrets: Secrets,
  settings: Settings,
  warn: WarningListener,
): Promise<void> {
  const { kafka } = backing;
  await Promise.all([
    provisionDatabases(backing.postgres.url, environment, databaseServices, secrets),
    provisionTopics(kafka.url, environment),
    provisionAccess(kafka.url, environment, secrets, isOwn(kafka), warn),
    provisionConsul(environment, backing, secrets, settings, warn),
  ]);
}

/** What Consul needs, also when it has lost its data while the apps run. */
export async function provisionConsul(
  environment: Environment,
  { consul }: Pick<Addresses, 'consul'>,
  secrets: Secrets,
  settings: Settings,
  warn: WarningListener,
): Promise<void> {
  await Promise.all([
    provisionSettings(consul, environment, settings),
    provisionTokens(consul, environment, secrets, warn),
  ]);
}

/**
 * One-off processes of the artifacts, where the artifact is another than the one that migrated last: `migrate` as the
 * owner of the database, then `seed` as the app.
 */
export async function migrate(
  environment: Environment,
  artifacts: ReadonlyMap<string, Artifact>,
  environmentOf: (app: App, role: 'owner' | 'app') => Record<string, string>,
): Promise<number> {
  const file = environment.path('migrated.json');
  const done: Record<string, string> = existsSync(file)
    ? JSON.parse(readFileSync(file, 'utf8'))
    : {};
  const due = apps.filter(
    ({ name, hasDatabase }) => hasDatabase && done[name] !== artifacts.get(name)?.digest,
  );
  await Promise.all(
    due.map(async (app) => {
      const artifact = artifacts.get(app.name)!;
      const log = environment.logFile(`${app.name}-provision`);
      await runTask(artifact, 'migrate', environmentOf(app, 'owner'), log);
      if (app.hasSeeds) {
        await runTask(artifact, 'seed', environmentOf(app, 'app'), log);
      }
      done[app.name] = artifact.digest;
    }),
  );
  writeFileSafely(file, JSON.stringify(done), 0o600);
  return due.length;
}

/** The services in which `reset` removes data; what runs somewhere else may serve others too. */
type Backing = Readonly<Record<BackingName, Pick<BackingService, 'url' | 'origin'>>>;

/** @throws CliError when the data cannot be removed as a whole; nothing has changed then */
export async function mayDropEverything(environment: Environment, backing: Backing): Promise<void> {
  await assertNoForeignTopics(backing.kafka.url, environment, isOwn(backing.kafka));
}

/** Removes the environment's data, and nothing else; the backing services stay up. */
export async function dropEverything(
  environment: Environment,
  backing: Backing,
  secrets: Secrets,
): Promise<void> {
  rmSync(environment.path('migrated.json'), { force: true });
  for (const folder of fileFolders(system))
    rmSync(environment.path(folder), { recursive: true, force: true });
  await Promise.all([
    dropDatabases(backing.postgres.url, environment, databaseServices, secrets),
    dropTopics(backing.kafka.url, environment, isOwn(backing.kafka)),
    dropSettings(backing.consul, environment),
  ]);
}

/** Without an origin it is attached: the one-off tasks start none. */
const isOwn = ({ origin = 'attached' }: Partial<Pick<BackingService, 'origin'>>) =>
  origin !== 'attached';
