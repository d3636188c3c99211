import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Finding } from '@fieldguide/platform-cli/checks/finding';
import type { Status as PlatformStatus } from '@fieldguide/platform-controller/status';
import { appNames } from '@fieldguide/platform-host/apps';
import { Environment } from '@fieldguide/platform-host/environment';
import { describe, expect, it } from 'vitest';
import { consul } from './running-platform.ts';
import { newCustomer, orderOf, place, product, query, send } from './shop.ts';

interface Info {
  name: string;
  instance: string;
  digest: string;
  configuration: Record<string, { value: string; source: string; live: boolean }>;
}
const infoOf = async (url: string) => (await (await fetch(`${url}/info`)).json()) as Info;
const root = fileURLToPath(new URL('../', import.meta.url));
const fieldguide = (...args: string[]) =>
  spawnSync(process.execPath, ['platform/cli/bin/fieldguide.mjs', ...args], {
    cwd: root,
    encoding: 'utf8',
  });

const status = () =>
  JSON.parse(fieldguide('status', '--env', 'e2e', '--json').stdout) as PlatformStatus;
const instanceOf = (app: string) => status().apps.find((each) => each.app === app)!.instances[0]!;

describe('the platform', () => {
  it('reports that it is already running', () => {
    const second = fieldguide('start', '--env', 'e2e');
    expect(second.status).toBe(1);
    expect(second.stderr).toMatch(/already runs in the environment "e2e" at http[\s\S]*Try:/);
  });

  it('reports every app and service, with all instances healthy', () => {
    const { apps, services } = status();
    const health = apps.flatMap(({ instances }) => instances.map((each) => each.health));
    expect(health).toEqual(appNames.map(() => 'ok'));
    expect(services.map(({ name }) => name).toSorted()).toEqual(['Consul', 'Kafka', 'PostgreSQL']);
    expect(JSON.stringify(services)).not.toMatch(/postgres:[^/]*@/);
  });

  it.each(['twelve-factors', 'readiness'])('has no red in %s', (command) => {
    const { status, stdout, stderr } = fieldguide(command, '--env', 'e2e', '--json');
    const findings = JSON.parse(stdout || '[]') as Finding[];
    expect(findings.filter(({ verdict }) => verdict === 'red')).toEqual([]);
    expect(findings.filter(({ verdict }) => verdict === 'green').length).toBeGreaterThan(6);
    expect(status, stderr).toBe(0);
  });

  it('stores secrets readable for the current user only', () => {
    const file = new Environment('e2e').path('secrets.json');
    expect(statSync(file).mode & 0o077).toBe(0);
  });

  it('prints logs with one line per record', () => {
    expect(fieldguide('logs', 'catalog', '--env', 'e2e').stdout).toContain('catalog is ready');
    expect(fieldguide('logs', 'catalo-g', '--env', 'e2e').stderr).toMatch(
      /no log "catalo-g"[\s\S]*Did you mean "catalog"/,
    );
  });

  it.each([
    [['start', '--env', 'No Name'], /cannot name an environment/],
    [['start', '--env', 'other', '--port', 'many'], /is not a port/],
    [['start', '--env', 'other', '--kafka', 'attached'], /FIELDGUIDE_KAFKA_URL/],
    [['stop', '--env', 'other'], /does not run/],
    [['status', '--env', 'e3e'], /no environment "e3e"[\s\S]*Did you mean "e2e"/],
    [['stage', 'warehouse'], /There is no app "warehouse"[\s\S]*catalog/],
    [['push', 'catalo', '--env', 'e2e'], /Did you mean "catalog"/],
    [['push', '--env', 'e2e'], /No app is named/],
    [['rollback', 'catalog', '--env', 'e2e'], /has run no other artifact/],
    [['scale', 'catalog', '0', '--env', 'e2e'], /from 1 to 10/],
    [['scale', 'catalog', '1000', '--env', 'e2e'], /from 1 to 10/],
    [['scale', 'catalog', 'wrker=1', '--env', 'e2e'], /Did you mean "worker"/],
    [['scale', 'catalog', 'web=0', 'worker=0', '--env', 'e2e'], /the minimum is 1/],
    [['scale', 'gateway', 'web=2', '--env', 'e2e'], /without a database it has no worker/],
    [['scale', 'catalog', '--memory', '32', '--env', 'e2e'], /Cannot limit the memory/],
    [['kill', 'catalog/9', '--env', 'e2e'], /no instance catalog\/9[\s\S]*catalog\/1/],
    [['kill', 'catalog/1', '--signal', 'SIGKIL', '--env', 'e2e'], /Did you mean "SIGKILL"/],
    [['env', 'shipping', 'DISPATCH_DELY_MS=1', '--env', 'e2e'], /Did you mean "DISPATCH_DELAY_MS"/],
    [['env', 'catalog', 'DATABASE_URL=x', '--env', 'e2e'], /set by the platform itself/],
    [['backing', 'restart', 'kafa', '--env', 'e2e'], /Did you mean "kafka"/],
    [['logs', '--since', 'yesterday', '--env', 'e2e'], /is not a time/],
    [['cache', 'import', 'nowhere.tar'], /no file nowhere.tar/],
  ])('explains %s', (args, message) => {
    const { status, stderr } = fieldguide(...args);
    expect(status).toBe(1);
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(/Try:/);
    expect(stderr).not.toMatch(/at .*\.ts:\d+/);
  });
});

describe('the CLI on an app whose /info is for operators only', () => {
  const settings = (...args: string[]) => {
    const { status, stdout, stderr } = fieldguide(
      'env',
      'gateway',
      ...args,
      '--env',
      'e2e',
      '--json',
    );
    expect(status, stderr).toBe(0);
    return JSON.parse(stdout) as Info['configuration'];
  };

  it('shows its settings', () => {
    expect(settings()['PORT']).toMatchObject({ source: 'environment' });
  });

  it('changes a live setting', () => {
    const set = settings('SIGN_IN_LIMIT_PER_MINUTE=299');
    expect(set['SIGN_IN_LIMIT_PER_MINUTE']).toMatchObject({ value: '299', live: true });
    const unset = settings('--unset', 'SIGN_IN_LIMIT_PER_MINUTE');
    expect(unset['SIGN_IN_LIMIT_PER_MINUTE']).toMatchObject({ source: 'default' });
  });
});

describe('a database', () => {
  it('allows the app to read and append events, but not to change or delete them', async () => {
    const { token } = await newCustomer();
    await place(token, 'append-only', orderOf('tok_ok', product.plenty));
    expect(
      (await query<{ count: number }>('ordering', 'SELECT count(*)::int AS count FROM events'))[0]!
        .count,
    ).toBeGreaterThan(0);
    for (const sql of [
      'UPDATE events SET version = 9',
      'DELETE FROM events',
      'TRUNCATE events',
      'DROP TABLE events',
    ]) {
      await expect(query('ordering', sql), sql).rejects.toThrow(/permission denied|must be owner/);
    }
  });

  it('rejects the roles of other services', async () => {
    const { inject } = await import('vitest');
    const { default: pg } = await import('pg');
    const own = new URL(inject('shop').databases['shipping']!);
    own.pathname = new URL(inject('shop').databases['ordering']!).pathname;
    const client = new pg.Client({ connectionString: own.href });
    await expect(client.connect()).rejects.toThrow(/permission denied/);
  });
});

describe('an instance', () => {
  it('reports its build and the source of each setting, without secrets', async () => {
    const { url, name } = instanceOf('catalog');
    const info = await infoOf(url);
    expect(info).toMatchObject({
      name: 'catalog',
      instance: name,
      digest: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect(info.configuration['DATABASE_URL']).toEqual({
      value: '***',
      source: 'environment',
      live: false,
    });
    expect(info.configuration['LOG_LEVEL']?.source).toMatch(/^consul fieldguide\/e2e\/common/);
    expect(await (await fetch(`${url}/metrics`)).text()).toContain(
      'messaging_process_duration_seconds',
    );
    const checked = await fetch(`${url}/products`, { method: 'POST' });
    expect(checked.status).toBe(401); // services verify tokens too
  });

  it('samples its state: backlogs, checkouts, the lag of its consumer, its pool, its build', async () => {
    const { url } = instanceOf('ordering');
    const text = async () => (await fetch(`${url}/metrics`)).text();
    const sampled = [
      /^outbox_messages \d+$/m,
      /^outbox_oldest_age_seconds [\d.]+$/m,
      /^dead_letters_waiting \d+$/m,
      /^checkouts_open{step="placed"} \d+$/m,
      /^checkouts_overdue \d+$/m,
      /^messaging_consumer_lag_messages{messaging_destination_name="payments\.payments\.v1",messaging_consumer_group_name="ordering"} \d+$/m,
      /^db_client_connections{db_client_connection_state="idle"} \d+$/m,
      /^build_info{service="ordering",version="[0-9a-f]+",revision="\w+(-dirty)?"} 1$/m,
      /^nodejs_eventloop_lag_seconds [\d.e-]+$/m,
      /^subscription_lag_events{subscription="publish-orders"} \d+$/m,
      /^subscription_oldest_age_seconds{subscription="publish-orders"} [\d.]+$/m,
    ];
    for (const each of sampled) await expect.poll(text, { timeout: 30_000 }).toMatch(each);
    const ready = (await (await fetch(`${url}/health/ready`)).json()) as { dependencies: object };
    expect(ready.dependencies).toMatchObject({ outbox: {}, publisher: {} });
  });

  it('applies a live setting from Consul without a restart', async () => {
    const { url } = instanceOf('shipping');
    const set = (value: string) =>
      consul('PUT', 'kv/fieldguide/e2e/shipping/DISPATCH_DELAY_MS', value);
    const delay = async () => {
      const info = await infoOf(url);
      return info.configuration['DISPATCH_DELAY_MS']?.value;
    };
    await set('1234');
    await expect.poll(delay).toBe('1234');
    await set('soon');
    await set('1000');
    await expect.poll(delay).toBe('1000');
    expect((await send('GET', '/health/ready')).status).toBe(200);
  });
});
