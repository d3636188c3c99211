import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './environment.ts';

/** What the platform knows of an app: its name, and what it needs to be given. */
export interface App {
  readonly name: string;
  readonly folder: string;
  readonly version: string;
  readonly hasDatabase: boolean;
  readonly hasMessaging: boolean;
  readonly hasSeeds: boolean;
  /** All its instances share one fixed port: it is reached from outside, not through the registry. */
  readonly hasPublicPort: boolean;
  /** Files from npm packages that go beside the bundle. */
  readonly assets: readonly string[];
}

const names = [
  'payment-provider',
  'identity',
  'catalog',
  'inventory',
  'ordering',
  'payments',
  'shipping',
  'gateway',
];

/** The eight apps that run; what each needs stands in its own package.json under `fieldguide`. */
export const apps: readonly App[] = names.map((name) => {
  const folder = join(root, 'apps', name);
  const { version, fieldguide = {} } = JSON.parse(
    readFileSync(join(folder, 'package.json'), 'utf8'),
  );
  const { needs = [], assets = [] } = fieldguide as { needs?: string[]; assets?: string[] };
  return {
    name,
    folder,
    version,
    hasDatabase: needs.includes('database'),
    hasMessaging: needs.includes('messaging'),
    hasSeeds: needs.includes('seeds'),
    hasPublicPort: needs.includes('public-port'),
    assets,
  };
});

export const appNames = names;
export const databaseServices = apps
  .filter(({ hasDatabase }) => hasDatabase)
  .map(({ name }) => name);
