// Apps that have a role for the platform itself. The map states the role; the platform's sources name no app.
import type { AppSpec, System } from './model.ts';

/** Returns the app that serves the public API. @throws Error when the map has none or several */
export function gatewayOf(system: System): string {
  return theOnlyApp(system, ({ kind }) => kind === 'gateway', "kind: 'gateway'")[0];
}

/** Returns the app that issues access tokens, and its path for that. @throws Error when the map has none or several */
export function tokenIssuerOf(system: System): { readonly app: string; readonly path: string } {
  const [app, spec] = theOnlyApp(system, ({ tokenPath }) => tokenPath !== undefined, 'tokenPath');
  return { app, path: spec.tokenPath! };
}

function theOnlyApp(
  { apps }: System,
  has: (app: AppSpec) => boolean,
  property: string,
): readonly [string, AppSpec] {
  const found = Object.entries(apps).filter(([, app]) => has(app));
  const [only] = found;
  if (only && found.length === 1) return only;
  throw new Error(
    only
      ? `system/system.ts needs one app with ${property}, but has ${found.map(([name]) => name).join(', ')}: remove it from all but one.`
      : `system/system.ts needs one app with ${property}, but has none: add it to the entry of that app.`,
  );
}

/** What help texts show: an app, and a setting of it. */
export interface Example {
  readonly app: string;
  /** Key and value; undefined when the map sets none. */
  readonly setting: readonly [key: string, value: string] | undefined;
}

/** Returns the first service with settings of its own, else the first app. */
export function exampleOf(system: System): Example {
  const apps = Object.entries(system.apps);
  const [app, spec] =
    apps.find(([, { kind, localConfig }]) => kind === 'service' && localConfig) ?? apps[0]!;
  const [setting] = Object.entries(spec.localConfig ?? system.localConfig ?? {});
  return { app, setting };
}
