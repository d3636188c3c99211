// What a fault may concern: derived from the map of the system.
import { type App, apps } from '@fieldguide/platform-host/apps';
import {
  type BackingName,
  backingNames,
} from '@fieldguide/platform-host/backing-services/backing-service';
import { CliError } from '@fieldguide/platform-host/cli-error';
import { parseChoice } from '@fieldguide/platform-host/parse-choice';
import { system } from '@fieldguide/platform-host/system';
import { topics } from '@fieldguide/platform-model/derive';

export const topicNames: readonly string[] = topics(system).map(({ name }) => name);

export function isBacking(name: string): name is BackingName {
  return (backingNames as readonly string[]).includes(name);
}

/** What an app has an address of: backing services, and apps that the map binds by URL. */
export function dependenciesOf({ spec, hasDatabase, hasMessaging }: App): string[] {
  const bound = Object.values(spec.env ?? {});
  return [
    ...(hasDatabase ? ['postgres'] : []),
    ...(hasMessaging ? ['kafka'] : []),
    'consul',
    ...new Set(bound.flatMap((each) => (each.from === 'url' ? [each.app] : []))),
  ];
}

/** The dependencies of every app. */
export const dependencies: Readonly<Record<string, string[]>> = Object.fromEntries(
  apps.map((app) => [app.name, dependenciesOf(app)]),
);

/** @throws CliError with the closest known name */
export function appOf(name: string): App {
  const known = apps.map((app) => app.name);
  return apps.find((app) => app.name === parseChoice('app', name, known))!;
}

/** @throws CliError with the dependencies of the app */
export function dependencyOf(app: App, to: string): string {
  return parseChoice(`dependency of ${app.name}`, to, dependenciesOf(app));
}

/** @throws CliError when the dependency is not reached by HTTP */
export function assertHttp(app: App, to: string | undefined): void {
  if (to === undefined || (to !== 'postgres' && to !== 'kafka')) return;
  throw new CliError(
    `Cannot respond with an HTTP error on the way from ${app.name} to ${to}: it is not HTTP.`,
    'use the fault reset or refuse there',
  );
}
