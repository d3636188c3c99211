import { basename } from 'node:path';
import type { AppSpec, Binding, System } from '@fieldguide/platform-model';
import { rotatedKeys, secretKeys, webAppOf } from '@fieldguide/platform-model/derive';

/** The port of a container without a public port (Dockerfile). */
const PORT = 3000;
const MEMORY_MB = 256;

/** Generates `docker-compose.yml`: the services and tasks of the base file, and the apps of the system map. */
export function composeYaml(system: System, base: string): string {
  const apps = Object.entries(system.apps);
  const names = apps.map(([name]) => name);
  const files = apps.flatMap(([, app]) => filesOf(app)).map(volumeOf);
  const volumes = [...files, ...names.map((name) => `${name}-secrets`)];
  return base
    .replace('# <name of the system>', system.name)
    .replace(
      / *# <secrets of the apps>\n/,
      lines(
        6,
        names.map((name) => `- ${name}-secrets:/secrets/${name}`),
      ),
    )
    .replace(
      / *# <apps>\n/,
      `  # The apps: one image each, built by one Dockerfile.\n${apps.map(([name, app]) => service(system, name, app)).join('')}`,
    )
    .replace(
      / *# <volumes of the apps>\n/,
      lines(
        2,
        volumes.map((volume) => `${volume}:`),
      ),
    );
}

function service(system: System, name: string, app: AppSpec): string {
  const webApp = webAppOf(system, name);
  const files = filesOf(app).map((path) => `${volumeOf(path)}:/data`);
  const port = typeof app.publicPort === 'number' ? app.publicPort : undefined;
  const environment = Object.entries(environmentOf(app, port, webApp)).map(
    ([key, value]) => `  ${key}: ${value}`,
  );
  return lines(2, [
    `${name}:`,
    '  <<: *app',
    `  image: ${system.name}/${name}`,
    `  build: { context: ., target: app, args: { APP: ${name}${webApp ? `, WEB_APP: ${webApp}` : ''} } }`,
    ...(environment.length > 0
      ? ['  environment:', '    <<: *settings', ...environment.map((each) => `  ${each}`)]
      : ['  environment: *settings']),
    `  volumes: [${[`${name}-secrets:/secrets:ro`, ...files].join(', ')}]`,
    `  mem_limit: ${app.containerMemoryMb ?? MEMORY_MB}m`,
    ...(port === undefined ? [] : [`  ports: ['127.0.0.1:${port}:${port}']`]),
  ]);
}

/** Returns the settings that differ from those shared by all apps. */
function environmentOf(
  app: AppSpec,
  port: number | undefined,
  webApp: string | undefined,
): Record<string, string | number> {
  const shared = ['CLIENT_SECRET', 'CONSUL_HTTP_TOKEN'];
  const secrets = [...new Set([...secretKeys(app), ...rotatedKeys(app)])].filter(
    (key) => !shared.includes(key),
  );
  const others = Object.entries(app.env ?? {}).flatMap(([key, binding]) => {
    const value = addressOf(binding);
    return value === undefined ? [] : [[key, value] as const];
  });
  return {
    ...Object.fromEntries(secrets.map((key) => [`${key}_FILE`, `/secrets/${key}`])),
    ...Object.fromEntries(others),
    ...(port !== undefined && { PUBLIC_PORT: port }),
    ...(webApp && { WEB_FOLDER: '/web' }),
  };
}

function addressOf(binding: Binding): string | undefined {
  if (binding.from === 'url') return `http://${binding.app}:${PORT}`;
  return binding.from === 'file' ? `/data/${basename(binding.path)}` : undefined;
}

const filesOf = ({ env = {} }: AppSpec): string[] =>
  Object.values(env).flatMap((binding) => (binding.from === 'file' ? [binding.path] : []));

/** Returns the volume of a file: `ledger` for `provider/ledger.db`. */
const volumeOf = (path: string) => basename(path).replace(/\.\w+$/, '');

const lines = (indent: number, all: readonly string[]) =>
  all.map((line) => `${' '.repeat(indent)}${line}\n`).join('');
