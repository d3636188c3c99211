import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AppSpec, WebAppSpec } from '@fieldguide/platform-model';
import { exampleOf, gatewayOf } from '@fieldguide/platform-model/roles';
import { root, system } from './system.ts';

/** An app of the map, with what its folder adds. */
export interface App {
  readonly name: string;
  readonly folder: string;
  readonly version: string;
  readonly spec: AppSpec;
  readonly hasDatabase: boolean;
  readonly hasMessaging: boolean;
  readonly hasSeeds: boolean;
  /** All its instances share one port: it is reached from outside, not through the registry. */
  readonly hasPublicPort: boolean;
}

export const appNames: readonly string[] = Object.keys(system.apps);

/** The apps of the system, in the order of the map. */
export const apps: readonly App[] = Object.entries(system.apps).map(([name, spec]) => ({
  name,
  spec,
  ...folderOf(name),
  hasDatabase: spec.uses.includes('database'),
  hasMessaging: spec.uses.includes('messaging'),
  hasSeeds: spec.uses.includes('seed-data'),
  hasPublicPort: spec.publicPort !== undefined,
}));

/** A web application of the map, with what its folder adds. */
export interface WebApp {
  readonly name: string;
  readonly folder: string;
  readonly version: string;
  readonly spec: WebAppSpec;
}

/** The web applications of the system, in the order of the map. */
export const webApps: readonly WebApp[] = Object.entries(system.webApps ?? {}).map(
  ([name, spec]) => ({ name, spec, ...folderOf(name) }),
);

export const webAppNames: readonly string[] = webApps.map(({ name }) => name);

/** The name of an app or web application in contracts; undefined when it has none. */
export function pacticipantOf(name: string): string | undefined {
  return appNames.includes(name) ? name : system.webApps?.[name]?.pacticipant;
}

function folderOf(name: string): { folder: string; version: string } {
  const folder = join(root, 'apps', name);
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  return { folder, version };
}

export const databaseServices = apps
  .filter(({ hasDatabase }) => hasDatabase)
  .map(({ name }) => name);

/** The app that serves the public API. */
export const gatewayApp = gatewayOf(system);

const { publicPort } = system.apps[gatewayApp]!;
/** The port of the public API in `local`; 0 for any free port. */
export const gatewayPort = typeof publicPort === 'number' ? publicPort : 0;

/** The stand-in for a service of another organisation. */
export const externalApp = apps.find(({ spec }) => spec.kind === 'external')?.name;

/** The app and the setting that help texts show. */
export const example = exampleOf(system);
