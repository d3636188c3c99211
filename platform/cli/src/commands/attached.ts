import {
  attachedAddresses,
  writeSecrets,
} from '@fieldguide/platform-controller/provision/attached';
import { migrate, provision } from '@fieldguide/platform-controller/provision/provision';
import { instanceEnvironment } from '@fieldguide/platform-controller/runner/instance-environment';
import { stage } from '@fieldguide/platform-controller/stager/stage';
import { appNames, apps } from '@fieldguide/platform-host/apps';
import type { Environment } from '@fieldguide/platform-host/environment';
import { system } from '@fieldguide/platform-host/system';
import { appsWithPublicPort } from '@fieldguide/platform-model/derive';

/** The discard port (RFC 863): no service listens on it. */
const DISCARD_PORT = 9;

/** Creates missing secrets, and writes those of each service. @returns the number of files */
export function createSecrets(environment: Environment, folder: string): number {
  return writeSecrets(environment, attachedAddresses(environment), folder);
}

/** Creates missing databases, roles, topics and settings. */
export async function provisionAll(environment: Environment): Promise<void> {
  const addresses = attachedAddresses(environment);
  const warn = (line: string) => console.error(line);
  await provision(environment, addresses, environment.secrets(appNames), {}, warn);
}

/** Migrates and seeds every database. @returns the number of databases */
export async function migrateAll(environment: Environment): Promise<number> {
  const addresses = attachedAddresses(environment);
  const secrets = environment.secrets(appNames);
  const staged = apps.map(async (app) => [app.name, (await stage(app)).artifact] as const);
  // No task calls another app, but its configuration requires addresses.
  const unused = new Map(appsWithPublicPort(system).map((name) => [name, DISCARD_PORT]));
  return migrate(environment, new Map(await Promise.all(staged)), (app, role) =>
    instanceEnvironment(app, environment, addresses, secrets, unused, role),
  );
}
