import { readFileSync } from 'node:fs';
import { DEBUG_PORT } from '@fieldguide/platform-cli/commands/run-commands';
import { API_PORT } from '@fieldguide/platform-controller/api/api';
import { backingPorts } from '@fieldguide/platform-host/backing-services/backing-services';
import { FREE_PORTS } from '@fieldguide/platform-host/processes/ports';
import { system } from '@fieldguide/system';
import { parse } from 'yaml';
import { composeYaml } from '../generate/compose.ts';
import { page, table } from './markdown.ts';
import { mismatches, namesIn, type Source, sources } from './sources.ts';

interface Container {
  readonly image: string;
  readonly environment?: Readonly<Record<string, unknown>>;
  readonly ports?: readonly string[];
  readonly profiles?: readonly string[];
}

const NONE = '–';
const MAP = '`publicPort` in [system.ts](../../system/system.ts)';
const range = `${FREE_PORTS[0]}–${FREE_PORTS[1]}`;

/** Every port by default, from the map, the platform's constants, docker-compose.yml and the Dockerfile. */
export function portsPage(): string {
  const compose = composeYaml(system, readFileSync('deploy/compose/base.yml', 'utf8'));
  return page(
    'Ports',
    `Nothing listens on a public address. On the machine every port is on 127.0.0.1; the setting \`HOST\` changes the address of an app. In containers the ports are on the network of Compose. The fixed ports of the gateway and of the platform's API apply in \`local\`, when they are free. Otherwise the platform uses a free port between ${FREE_PORTS[0]} and ${FREE_PORTS[1]}, and prints it. \`npx fieldguide status\` shows the addresses of the gateway and the backing services, \`npx fieldguide env SERVICE\` the port of an instance.`,
    '## On the machine, in `local`',
    `A port that is *kept* is stored in \`.fieldguide/environments/<env>/ports.json\` and used again by the next start. The ports of Kafka's controller and of Consul's server and gossip serve these processes only.`,
    table(['listener', 'port', 'selection', 'change it with'], [...apps(), ...platform()]),
    '## In containers',
    'An address on the machine is published by [docker-compose.yml](../../docker-compose.yml); all other ports are reachable by other containers only. Not listed: the other default ports of the image of Consul.',
    table(['container', 'port', 'address on the machine', 'change it with'], containers(compose)),
  );
}

function apps(): string[][] {
  return Object.entries(system.apps).flatMap(([name, { publicPort, kind }]) => {
    if (publicPort === undefined) return [];
    const shared = `${name}, shared by its instances`;
    if (publicPort === 'any') return [[shared, range, 'free, kept', NONE]];
    const option = kind === 'gateway' ? '`npm start -- --port PORT`' : NONE;
    return [[shared, String(publicPort), 'fixed', option]];
  });
}

function platform(): string[][] {
  const backing = Object.entries(backingPorts).flatMap(([service, names]) =>
    names.map((name) => {
      const attach = `\`FIELDGUIDE_${service.toUpperCase()}_URL\` attaches another`;
      return [`${service}: \`${name}\``, range, 'free, kept', attach];
    }),
  );
  return [
    ["the platform's HTTP API", String(API_PORT), 'fixed', NONE],
    ...backing,
    [
      'receiver of traces (OTLP/HTTP)',
      range,
      'free, kept',
      '`OTEL_EXPORTER_OTLP_ENDPOINT` selects another',
    ],
    ['each instance of an app', range, 'free, new at each start of the instance', NONE],
    ['debugger of `fieldguide dev APP`', String(DEBUG_PORT), 'fixed', '`--inspect PORT`'],
  ];
}

/** The long-running containers: one-off tasks listen on nothing. */
function containers(compose: string): string[][] {
  const services: Readonly<Record<string, Container>> = parse(compose, { merge: true }).services;
  const appPort = /\bPORT=(\d+)/.exec(readFileSync('Dockerfile', 'utf8'))![1]!;
  return Object.entries(services).flatMap(([name, { environment = {}, ports = [], profiles }]) => {
    const isApp = name in system.apps;
    const own = isApp ? [String(environment.PORT ?? appPort)] : portsOf(name, compose, ports);
    return own.map((port) => {
      const address = ports.find((each) => each.endsWith(`:${port}`))?.replace(/:\d+$/, '');
      const profile = profiles ? ` (profile ${profiles.join(', ')})` : '';
      const change = isApp && address ? MAP : NONE;
      return [`${name}${profile}`, port, address ?? NONE, change];
    });
  });
}

/** The published ports of a container, and those under which the others find it. */
function portsOf(name: string, compose: string, published: readonly string[]): string[] {
  const called = compose.matchAll(new RegExp(`\\b${name}:(\\d{4,5})\\b`, 'g'));
  const all = [
    ...published.map((each) => each.split(':').at(-1)!),
    ...[...called].map((m) => m[1]!),
  ];
  return [...new Set(all)].toSorted();
}

/** Compares the fixed ports of the page with those that the sources and the docs name, both ways. */
export function portMistakes(
  text: string,
  files: readonly Source[] = sources(
    '{*.md,*.yml,Dockerfile}',
    '{docs,deploy,http,system}/**/*.{md,yml,ts,http}',
    '{apps,libs,platform}/**/{README.md,src/**/*.ts}',
    'tools/generate/*.ts',
  ).filter(({ file }) => file !== 'docs/reference/ports.md'),
): string[] {
  const listed = [...text.matchAll(/^\| [^|]+ \| (\d+) \|/gm)].map(([, port]) => port!);
  const named = namesIn(
    files,
    /(?:\b(?:localhost|127\.0\.0\.1|[a-z-]*(?:kafka|consul|postgres|collector)):|(?<!-)\bports? |\b[A-Za-z_]*PORT(?: \?\?)?(?: =|=|:) ?|publicPort: )(\d{4,5})\b/gi,
  );
  return mismatches('docs/reference/ports.md', new Set(listed), named);
}
