import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { databaseUrl } from '@fieldguide/platform-controller/provision/databases';
import { appNames, databaseServices } from '@fieldguide/platform-host/apps';
import { Environment } from '@fieldguide/platform-host/environment';
import { readState, stopOrphans } from '@fieldguide/platform-host/state';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  export interface ProvidedContext {
    shop: {
      gatewayUrl: string;
      ledgerUrl: string;
      operatorSecret: string;
      kafka: string;
      /** Connection URLs with the services' own roles, by service. */
      databases: Record<string, string>;
    };
  }
}

const root = fileURLToPath(new URL('../', import.meta.url));

/** Starts the whole system with `fieldguide start`, in an empty environment that only this run uses. */
export default async function setup(project: TestProject) {
  const environment = new Environment('e2e');
  await stopOrphans(environment);
  environment.wipe();
  rmSync(environment.path('desired.json'), { force: true });
  const platform = spawn(
    process.execPath,
    [
      'platform/cli/bin/fieldguide.mjs',
      'start',
      '--env',
      'e2e',
      '--port',
      '0',
      '--force',
      '--json',
    ],
    { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const exited = new Promise<never>((_, reject) => {
    platform.once('exit', (code) => reject(new Error(`fieldguide start exited with ${code}`)));
  });
  exited.catch(() => undefined);
  const ready = new Promise<{ gatewayUrl: string; providerUrl: string }>((resolve) => {
    createInterface({ input: platform.stdout }).once('line', (line) => resolve(JSON.parse(line)));
  });
  const { gatewayUrl, providerUrl } = await Promise.race([ready, exited]);

  const secrets = environment.secrets(appNames);
  const { backing } = readState(environment)!;
  project.provide('shop', {
    gatewayUrl,
    ledgerUrl: `${providerUrl}/ledger`,
    operatorSecret: secrets.clients['operator']!,
    kafka: backing!['kafka']!,
    databases: Object.fromEntries(
      databaseServices.map((each) => [
        each,
        databaseUrl(backing!['postgres']!, environment, each, 'app', secrets),
      ]),
    ),
  });
  return async () => {
    const exit = new Promise((resolve) => platform.once('exit', resolve));
    platform.kill('SIGTERM');
    await exit;
  };
}
