import { provisionSettings } from '@fieldguide/platform-controller/provision/settings';
import { provisionTokens } from '@fieldguide/platform-controller/provision/tokens';
import { appNames } from '@fieldguide/platform-host/apps';
import { callConsul } from '@fieldguide/platform-host/backing-services/call-consul';
import { Environment, type Secrets } from '@fieldguide/platform-host/environment';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';

const { consul: own } = inject('backing');
const environment = new Environment('int');
const secrets = environment.secrets(appNames);
const warned: string[] = [];
const provision = (changed: Secrets = secrets) =>
  provisionTokens(own, environment, changed, (line) => warned.push(line));

type Method = Parameters<typeof callConsul>[1];
/** Calls Consul with shipping's token, or another. @returns the status */
const call = async (
  method: Method,
  path: string,
  body?: object | string,
  token = secrets.consul['shipping']!,
) => {
  const text = typeof body === 'object' ? JSON.stringify(body) : body;
  return (await callConsul({ url: own.url, token }, method, `/v1/${path}`, text)).status;
};
const entry = (service: string) => ({ ID: `${service}-0`, Name: `int-${service}`, Port: 9 });
const register = (service: string, token?: string) =>
  call('PUT', 'agent/service/register', entry(service), token);
const key = (app: string) => `kv/fieldguide/int/${app}/SPEC`;

beforeAll(async () => {
  await provision();
  await provisionSettings(own, environment, { shipping: { SPEC: '1' }, common: { SPEC: '2' } });
  await provisionSettings(own, environment, { identity: { SPEC: '3' } });
  expect(await register('identity', own.token)).toBe(200);
});
afterAll(() => call('PUT', 'agent/service/deregister/identity-0', undefined, own.token));

describe("with shipping's token of Consul", () => {
  it('a process may register and deregister shipping', async () => {
    expect(await register('shipping')).toBe(200);
    expect(await call('PUT', 'agent/service/deregister/shipping-0')).toBe(200);
  });

  it('a process may find the instances of other services', async () => {
    const { text } = await callConsul(
      { url: own.url, token: secrets.consul['shipping']! },
      'GET',
      '/v1/health/service/int-identity',
    );
    expect(JSON.parse(text)).toMatchObject([{ Service: { ID: 'identity-0' } }]);
  });

  it('a process may neither register as identity, nor take its id, nor deregister it', async () => {
    expect(await register('identity')).toBe(403);
    const hijack = { ...entry('shipping'), ID: 'identity-0' };
    expect(await call('PUT', 'agent/service/register', hijack)).toBe(403);
    expect(await call('PUT', 'agent/service/deregister/identity-0')).toBe(403);
    const Service = { ID: 'identity-9', Service: 'int-identity', Port: 9 };
    const entryOfNode = { Node: 'x', Address: '127.0.0.1', Service };
    expect(await call('PUT', 'catalog/register', entryOfNode)).toBe(403);
  });

  it('a process may not register as a service of another environment', async () => {
    const other = { ID: 'shipping-9', Name: 'shipping', Port: 9 };
    expect(await call('PUT', 'agent/service/register', other)).toBe(403);
  });

  it('a process may read the settings of shipping and of all, and no others', async () => {
    expect(await call('GET', key('shipping'))).toBe(200);
    expect(await call('GET', key('common'))).toBe(200);
    expect(await call('GET', key('identity'))).toBe(403);
    expect(await call('GET', 'kv/fieldguide/local/shipping/SPEC')).toBe(403);
  });

  it.each(['shipping', 'common', 'identity'])(
    'a process may not write settings of %s',
    async (app) => {
      expect(await call('PUT', key(app), '4')).toBe(403);
      expect(await call('DELETE', key(app))).toBe(403);
    },
  );

  it('a process may not write tokens', async () => {
    expect(await call('GET', 'acl/policies')).toBe(403);
    expect(await call('PUT', 'acl/token', {})).toBe(403);
  });
});

it('Consul rejects reads and writes without a token', async () => {
  for (const [method, path] of [
    ['PUT', 'agent/service/deregister/identity-0'],
    ['PUT', key('shipping')],
    ['GET', key('shipping')],
  ] as const)
    expect(await call(method, path, undefined, '')).toBe(403);
  const { text } = await callConsul({ url: own.url }, 'GET', '/v1/catalog/services');
  expect(text).toBe('{}');
});

describe('provisioning the tokens', () => {
  it('changes nothing when it runs again, and restores a policy and a token', async () => {
    const { text } = await callConsul(own, 'GET', '/v1/acl/policies');
    const policies = JSON.parse(text) as { Name: string; ID: string }[];
    const { ID } = policies.find(({ Name }) => Name === 'fieldguide-int-shipping')!;
    await call('DELETE', `acl/policy/${ID}`, undefined, own.token);
    expect(await register('shipping')).toBe(403);
    await provision();
    await provision();
    expect(await register('shipping')).toBe(200);
    expect(warned).toEqual([]);
  });

  it('replaces a token whose secret has changed', async () => {
    const token = crypto.randomUUID();
    await provision({ ...secrets, consul: { ...secrets.consul, shipping: token } });
    expect(await register('shipping', token)).toBe(200);
    expect(await register('shipping')).toBe(403);
    await provision();
    expect(await register('shipping', token)).toBe(403);
    expect(await register('shipping')).toBe(200);
    await call('PUT', 'agent/service/deregister/shipping-0');
  });

  it('reports what to try when it may not write tokens', async () => {
    const weak = { ...own, token: secrets.consul['shipping']! };
    await expect(
      provisionTokens(weak, environment, secrets, () => undefined),
    ).rejects.toMatchObject({
      message: expect.stringContaining('403'),
      hint: expect.stringContaining('FIELDGUIDE_CONSUL_TOKEN'),
    });
  });
});
