import { useTestWorkspace } from '@fieldguide/platform-host/testing/workspace';
import { afterAll, expect, it, vi } from 'vitest';

useTestWorkspace();
const { Proxies } = await import('./proxies.ts');
const { appOf } = await import('./targets.ts');
afterAll(() => vi.unstubAllEnvs());

const backing = {
  postgres: { url: 'postgres://postgres:secret@127.0.0.1:5432/postgres' },
  kafka: { url: 'kafka://boss:secret@127.0.0.1:9092?mechanism=plain' },
  consul: { url: 'http://127.0.0.1:8500' },
};
const publicPorts = new Map([
  ['alpha-store', 4_000],
  ['front', 8_080],
]);

it('leads only the traffic of one app through a proxy, while a fault uses it', async () => {
  const proxies = new Proxies({ backing, publicPorts, reconcilers: new Map() });
  const beta = appOf('beta');
  expect(proxies.addresses(beta)).toEqual({ backing, publicPorts });
  const [postgres, kafka, again, store] = await Promise.all([
    proxies.open(beta, 'postgres'),
    proxies.open(beta, 'kafka'),
    proxies.open(beta, 'kafka'),
    proxies.open(beta, 'alpha-store'),
  ]);
  const found = proxies.addresses(beta);
  expect(found.backing.postgres.url).toBe(
    `postgres://postgres:secret@127.0.0.1:${postgres.port}/postgres`,
  );
  expect(found.backing.kafka.url).toBe(
    `kafka://boss:secret@127.0.0.1:${kafka.port}?mechanism=plain`,
  );
  expect(found.backing.consul).toEqual(backing.consul);
  expect(found.publicPorts.get('alpha-store')).toBe(store.port);
  expect(proxies.addresses(appOf('alpha'))).toEqual({ backing, publicPorts });

  expect(again).toBe(kafka);
  expect(proxies.leave(kafka)).toBe(false);
  for (const route of [kafka, postgres, store]) {
    expect(proxies.leave(route)).toBe(true);
    await proxies.close(route);
  }
  expect(proxies.addresses(beta)).toEqual({ backing, publicPorts });
});

it('changes the address in the registry, or the public port, of an app that is disturbed itself', async () => {
  const proxies = new Proxies({ backing, publicPorts, reconcilers: new Map() });
  const [alpha, front] = [appOf('alpha'), appOf('front')];
  expect(await proxies.enter(alpha, 20_003)).toBeUndefined();
  const entrance = await proxies.open(alpha, undefined);
  expect(proxies.variables(alpha)).toEqual({ ADVERTISED_HOST: '127.0.0.2' });
  expect(proxies.variables(front)).toEqual({});
  const shared = await proxies.open(front, undefined);
  expect(proxies.variables(front)).toEqual({ PUBLIC_PORT: String(shared.port) });
  expect(proxies.addresses(front).publicPorts.get('front')).toBe(8_080);
  for (const route of [entrance, shared]) if (proxies.leave(route)) await proxies.close(route);
  expect(proxies.variables(alpha)).toEqual({});
});

it('refuses to lead encrypted connections to Kafka through a proxy', async () => {
  const encrypted = { ...backing, kafka: { url: 'kafka+tls://broker:9093' } };
  const proxies = new Proxies({ backing: encrypted, publicPorts, reconcilers: new Map() });
  await expect(proxies.open(appOf('beta'), 'kafka')).rejects.toThrow('encrypted');
});
