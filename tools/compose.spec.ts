import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { appNames } from '@fieldguide/platform-host/apps';
import { BROKER_ADMINISTRATOR } from '@fieldguide/platform-host/backing-services/kafka';
import {
  appsWith,
  KEY_THUMBPRINTS,
  secretKeys as secretKeysOf,
} from '@fieldguide/platform-model/derive';
import { outlineOf } from '@fieldguide/service/inspection';
import { system } from '@fieldguide/system';
import type { Type } from '@nestjs/common';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { z } from 'zod';

const root = fileURLToPath(new URL('../', import.meta.url));
const secretKeys = new Set(Object.values(system.apps).flatMap((app) => [...secretKeysOf(app)]));
const dockerfile = readFileSync(join(root, 'Dockerfile'), 'utf8');
// Compose supports merge keys, which are YAML 1.1.
const compose = parse(readFileSync(join(root, 'docker-compose.yml'), 'utf8'), { merge: true }) as {
  services: Record<string, Service>;
  volumes: Record<string, unknown>;
  configs: Record<string, { file: string }>;
};
interface Service {
  image: string;
  command?: string[];
  build?: { target: string; args?: Record<string, string> };
  environment?: Record<string, string | number>;
  volumes?: string[];
  ports?: string[];
  profiles?: string[];
  configs?: { source: string }[];
  read_only?: boolean;
  cap_drop?: string[];
  mem_limit?: string;
  healthcheck?: object;
  depends_on?: Record<string, { condition: string }>;
}
const own = appNames.map((name) => [name, compose.services[name]!] as const);
const backing = ['postgres', 'kafka', 'consul'].map(
  (name) => [name, compose.services[name]!] as const,
);
const byMessages = own.filter(([app]) => appsWith(system, 'messaging').includes(app));
// The variables that the image sets (Dockerfile).
const byImage = ['INSTANCE', 'HOST', 'PORT', 'ADVERTISED_HOST'];

async function shapeOf(app: string): Promise<Record<string, z.ZodType>> {
  const exported = await import(`../apps/${app}/src/${app}.module.ts`);
  const [module] = Object.values(exported) as Type[];
  const { configs } = await outlineOf(module!);
  return Object.assign({}, ...configs.map(({ schema }) => schema.shape));
}
/** Returns the settings of a service; `<KEY>_FILE` provides the secret KEY. */
const keysOf = ({ environment = {} }: Service) =>
  Object.keys(environment).map((key) => {
    const secret = key.replace(/_FILE$/, '');
    return secretKeys.has(secret) || secret === KEY_THUMBPRINTS ? secret : key;
  });

describe('docker-compose.yml', () => {
  it.each(own)(
    'sets every required setting of %s, and its secrets as files only',
    async (app, service) => {
      const shape = await shapeOf(app);
      const given = new Set([...keysOf(service), ...byImage]);
      const missing = Object.entries(shape)
        .filter(([key, type]) => !type.safeParse(undefined).success && !given.has(key))
        .map(([key]) => key);
      expect(missing).toEqual([]);
      for (const key of Object.keys(service.environment ?? {}))
        expect(secretKeys.has(key), key).toBe(false);
    },
  );

  it('sets only keys that an app reads', async () => {
    const known = new Set(
      (await Promise.all(appNames.map(shapeOf))).flatMap((shape) => Object.keys(shape)),
    );
    for (const [app, service] of own)
      expect(
        keysOf(service).filter((key) => !known.has(key)),
        app,
      ).toEqual([]);
  });

  it.each(own)('runs %s with the least privileges', (app, service) => {
    expect(service).toMatchObject({ read_only: true, cap_drop: ['ALL'] });
    expect(service.mem_limit).toMatch(/^\d+m$/);
    expect(service.build).toMatchObject({ target: 'app', args: { APP: app } });
    expect(service.depends_on).toMatchObject({
      migrate: { condition: 'service_completed_successfully' },
    });
    const secrets = (service.volumes ?? []).filter((volume) => volume.includes('-secrets:'));
    expect(secrets).toEqual([`${app}-secrets:/secrets:ro`]);
  });

  it('waits for the tasks in order', () => {
    const { provision, migrate, postgres, kafka, consul } = compose.services;
    const done = { condition: 'service_completed_successfully' };
    expect(migrate!.depends_on).toEqual({ provision: done });
    expect(provision!.depends_on).toMatchObject({
      secrets: done,
      kafka: { condition: 'service_healthy' },
    });
    expect(postgres!.depends_on).toEqual({ secrets: done });
    expect(kafka!.depends_on).toEqual({ secrets: done });
    expect(consul!.depends_on).toEqual({ secrets: done });
  });

  it('starts Consul with the ACLs that the secrets hold', () => {
    const { command, volumes } = compose.services['consul']!;
    expect(command).toContain('-config-file=/secrets/acl.json');
    expect(volumes).toContain('consul-secrets:/secrets:ro');
    expect(compose.services['prometheus']!.volumes).toContain('prometheus-secrets:/secrets:ro');
  });

  it.each(backing)('pins %s by a tag, with a limit and a health check', (_, service) => {
    expect(service.image).toMatch(/:\d+\.\d+[\w.-]*$/);
    expect(service.mem_limit).toBeDefined();
    expect(service.healthcheck).toBeDefined();
  });

  it('lets each client of Kafka log in as itself, and do what it was granted only', () => {
    const { environment = {}, volumes } = compose.services['kafka']!;
    const settings = new Map(Object.entries(environment));
    expect(settings.get('KAFKA_AUTHORIZER_CLASS_NAME')).toMatch(/StandardAuthorizer$/);
    expect(settings.get('KAFKA_SUPER_USERS')).toBe(`User:${BROKER_ADMINISTRATOR}`);
    expect(settings.has('KAFKA_ALLOW_EVERYONE_IF_NO_ACL_FOUND')).toBe(false);
    const all = JSON.stringify(environment);
    expect(all.match(/(?<!SASL_)PLAINTEXT/g)).toBeNull();
    expect(volumes).toContain('kafka-secrets:/secrets:ro');
    for (const [app, { environment: own = {} }] of byMessages)
      expect(own['MESSAGING_URL_FILE'], app).toBe('/secrets/MESSAGING_URL');
  });

  it('publishes only the gateway, on the loopback interface', () => {
    const published = Object.entries(compose.services).filter(
      ([, { ports, profiles }]) => ports && !profiles,
    );
    expect(published.map(([name, { ports }]) => [name, ports])).toEqual([
      ['gateway', ['127.0.0.1:8080:8080']],
    ]);
  });

  it('declares every volume that it mounts', () => {
    const named = Object.values(compose.services).flatMap(({ volumes = [] }) =>
      volumes.map((volume) => volume.split(':')[0]!),
    );
    expect(Object.keys(compose.volumes).toSorted()).toEqual([...new Set(named)].toSorted());
  });

  it.each(['prometheus', 'grafana', 'collector', 'jaeger'])(
    'starts %s only with its profile, on the loopback interface',
    (name) => {
      const { profiles, cap_drop, mem_limit, image, ports = [] } = compose.services[name]!;
      expect({ profiles, cap_drop }).toEqual({ profiles: ['observability'], cap_drop: ['ALL'] });
      expect(mem_limit).toMatch(/^\d+m$/);
      expect(image).toMatch(/:v?\d+\.\d+\.\d+$/);
      for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:/);
    },
  );

  it('reads every configuration from a file that exists, and mounts each', () => {
    const files = Object.values(compose.configs).map(({ file }) => file);
    expect(files.filter((file) => !existsSync(join(root, file)))).toEqual([]);
    const mounted = Object.values(compose.services).flatMap(({ configs = [] }) =>
      configs.map(({ source }) => source),
    );
    expect(mounted.toSorted()).toEqual(Object.keys(compose.configs).toSorted());
  });

  const engine = [['docker', 'compose'], ['docker-compose']].find(
    ([command, ...args]) => spawnSync(command!, [...args, 'version']).status === 0,
  );
  if (!engine)
    console.warn('docker compose is not installed: docker-compose.yml is not validated with it.');
  it.runIf(engine)('is valid for Compose', () => {
    const [command, ...args] = engine!;
    const { status, stderr } = spawnSync(command!, [...args, 'config', '--quiet'], { cwd: root });
    expect([status, String(stderr)]).toEqual([0, '']);
  });
});

describe('the Dockerfile', () => {
  it('runs nothing as root, and checks its health', () => {
    const stages = dockerfile.split(/^FROM /m).slice(1);
    expect(stages).toHaveLength(2);
    for (const stage of stages) expect(stage).toMatch(/^USER 1000:1000$/m);
    expect(stages[1]).toMatch(/^HEALTHCHECK /m);
  });
  it('starts a Pact Broker only with its profile, on the loopback interface', () => {
    const broker = compose.services['pact-broker']!;
    expect(broker).toMatchObject({ profiles: ['contracts'], cap_drop: ['ALL'] });
    expect(broker.image).toMatch(/^pactfoundation\/pact-broker:\d/);
    expect(broker.ports).toEqual(['127.0.0.1:9292:9292']);
  });
});
