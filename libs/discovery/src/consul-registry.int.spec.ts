import { createServer, type Server } from 'node:http';
import { text } from 'node:stream/consumers';
import { type Clock, SystemClock } from '@fieldguide/clock';
import { ManualClock } from '@fieldguide/clock/testing';
import { type ConsulSettings, consulClient } from '@fieldguide/config';
import { makeLog } from '@fieldguide/telemetry';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { ConsulRegistry } from './index.ts';

const clock = new SystemClock();
const WAIT = { timeout: 15_000, interval: 50 };
const { url, token } = inject('backing').consul;
const consul = { CONSUL_HTTP_ADDR: url, CONSUL_HTTP_TOKEN: token };
const log = makeLog('test', 'test', 'silent');
const registry = (settings: ConsulSettings = consul, time: Clock = clock) =>
  new ConsulRegistry(settings, 'int', time, log);
let healthy: Server;
beforeAll(async () => {
  healthy = createServer((_request, response) => response.end('{}'));
  await new Promise<void>((resolve) => healthy.listen(0, '127.0.0.1', resolve));
});
afterAll(() => healthy.close());
const instance = (id: string, service: string) => ({
  id,
  service,
  address: '127.0.0.1',
  port: (healthy.address() as { port: number }).port,
  version: '1.2.3',
});

/** Forwards to Consul, and registrations only after `mayRegister`. */
async function delayingConsul() {
  const registration = Promise.withResolvers<void>();
  const called = Promise.withResolvers<void>();
  let open = 0;
  const server = createServer(async (request, response) => {
    open += 1;
    const { method = '', url: path = '', headers } = request;
    if (path.endsWith('/register')) {
      called.resolve();
      await registration.promise;
    }
    const answer = await fetch(new URL(path, url), {
      method,
      ...(method === 'PUT' && { body: await text(request) }),
      headers: { 'x-consul-token': String(headers['x-consul-token']) },
    });
    response.writeHead(answer.status, { 'content-type': 'application/json' });
    response.end(await answer.text());
    open -= 1;
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as { port: number }).port}`,
    isCalled: called.promise,
    mayRegister: registration.resolve,
    isIdle: () => expect.poll(() => open, WAIT).toBe(0),
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

describe('the registry on Consul', () => {
  it('publishes an instance and its departure to other processes', async () => {
    const [own, other] = [registry(), registry()];
    own.register(instance('here-1', 'here'));
    await expect.poll(() => other.instances('here'), WAIT).toEqual([instance('here-1', 'here')]);
    await own.deregister();
    await other.deregister();
    const third = registry();
    await third.waitFor('here', 200);
    expect(third.instances('here')).toEqual([]);
    await third.deregister();
  });

  it('is degraded until the entry is present, also when the registry answers', async () => {
    const delaying = await delayingConsul();
    const own = registry({ ...consul, CONSUL_HTTP_ADDR: delaying.url });
    own.register(instance('present-1', 'present'));
    await delaying.isCalled;
    expect(own.state()).toBe('degraded');
    delaying.mayRegister();
    await expect.poll(() => own.state(), WAIT).toBe('ok');
    await own.deregister();
    delaying.close();
  });

  it('leaves no entry when it departs while it registers', async () => {
    const delaying = await delayingConsul();
    const own = registry({ ...consul, CONSUL_HTTP_ADDR: delaying.url });
    own.register(instance('hasty-1', 'hasty'));
    await delaying.isCalled;
    const departing = own.deregister();
    await fetch(`${delaying.url}/v1/status/leader`); // sent later: a request of `deregister` has arrived
    delaying.mayRegister();
    await departing;
    await delaying.isIdle();
    const entries = await consulClient(consul).agent.service.list();
    expect(Object.keys(entries as object)).not.toContain('hasty-1');
    delaying.close();
  });

  it('reports once at start that it may not register, and what to try', async () => {
    const lines: string[] = [];
    const reporting = makeLog('test', 'test', 'error', { write: (line) => lines.push(line) });
    const token = '00000000-0000-4000-8000-000000000000'; // unknown to Consul
    const refused = { ...consul, CONSUL_HTTP_TOKEN: token };
    const time = new ManualClock();
    const own = new ConsulRegistry(refused, 'int', time, reporting);
    own.register(instance('refused-1', 'refused'));
    await expect.poll(() => lines, WAIT).toHaveLength(1);
    expect(lines[0]).toMatch(/refuses to register int-refused.*Try: set CONSUL_HTTP_TOKEN/);
    expect(lines[0]).not.toContain(token);
    expect(own.state()).toBe('degraded');
    await own.deregister();
  });

  it('registers again when its entry is lost', async () => {
    const own = registry();
    own.register(instance('again-1', 'again'));
    const { agent } = consulClient(consul);
    const present = async () => 'again-1' in ((await agent.service.list()) as object);
    await expect.poll(present, WAIT).toBe(true);
    await agent.service.deregister('again-1');
    await expect.poll(present, WAIT).toBe(true);
    await own.deregister();
  });

  it('registers again when its entry has another address or version', async () => {
    const own = registry();
    own.register(instance('moved-1', 'moved'));
    const { agent } = consulClient(consul);
    const registered = async () => {
      const all = (await agent.service.list()) as Record<string, { Port: number } | undefined>;
      return all['moved-1']?.Port;
    };
    await expect.poll(registered, WAIT).toBe(instance('', '').port);
    await agent.service.register({
      id: 'moved-1',
      name: 'int-moved',
      address: '127.0.0.1',
      port: 9,
    });
    await expect.poll(registered, WAIT).toBe(instance('', '').port);
    const { id, service: name, ...at } = { ...instance('moved-1', 'int-moved'), id: 'moved-1' };
    await agent.service.register({ id, name, ...at, meta: { version: '0.9' } });
    const version = async () => {
      const all = (await agent.service.list()) as Record<string, { Meta: { version: string } }>;
      return all['moved-1']?.Meta.version;
    };
    await expect.poll(version, WAIT).toBe('1.2.3');
    await own.deregister();
  });

  it('removes instances that have left, also without a further change in Consul', async () => {
    const time = new ManualClock();
    const [own, watching] = [registry(), registry(consul, time)];
    own.register(instance('left-1', 'left'));
    await expect.poll(() => watching.instances('left'), WAIT).toHaveLength(1);
    await own.deregister();
    const later = () => {
      time.advance(1_000);
      return watching.instances('left');
    };
    await expect.poll(later, WAIT).toEqual([]);
    await watching.deregister();
  });

  it('keeps the last snapshot while Consul is unreachable', async () => {
    const own = registry();
    own.register(instance('known-1', 'known'));
    await own.waitFor('known', 10_000);
    expect(own.next('known', 0)?.instance.id).toBe('known-1');
    expect(own.state()).toBe('ok');
    await own.deregister();
    const away = registry({ CONSUL_HTTP_ADDR: 'http://127.0.0.1:9' });
    away.register(instance('away-1', 'away'));
    expect(away.state()).toBe('degraded');
    expect(away.next('away', 0)).toBeUndefined();
    await away.deregister();
  });
});
