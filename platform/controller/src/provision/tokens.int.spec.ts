import { appNames, databaseServices, gatewayApp } from '@fieldguide/platform-host/apps';
import { callConsul } from '@fieldguide/platform-host/backing-services/call-consul';
import { Environment, type Secrets } from '@fieldguide/platform-host/environment';
import { system } from '@fieldguide/platform-host/system';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { provisionSettings } from './settings.ts';
import { provisionTokens } from './tokens.ts';

const { consul: own } = inject('backing');
const environment = new Environment('int');
/** The app that signs tokens, and another. */
const issuer = appNames.find((name) => system.apps[name]!.tokenPath)!;
const app = databaseServices.findLast((name) => name !== issuer) ?? gatewayApp;
const TOKEN = environment.secrets(appNames).consul[app]!;
const secrets = environment.secrets(appNames);
const warned: string[] = [];
const provision = (changed: Secrets = secrets) =>
  provisionTokens(own, environment, changed, (line) => warned.push(line));

type Method = Parameters<typeof callConsul>[1];
/** Calls Consul with the app's token, or another. @returns the status */
const call = async (method: Method, path: string, body?: object | string, token = TOKEN) => {
  const text = typeof body === 'object' ? JSON.stringify(body) : body;
  return (await callConsul({ url: own.url, token }, method, `/v1/${path}`, text)).status;
};
const entry = (service: string) => ({ ID: `${service}-0`, Name: `int-${service}`, Port: 9 });
const register = (service: string, token?: string) =>
  call('PUT', 'agent/service/register', entry(service), token);
const key = (folder: string) => `kv/${system.name}/int/${folder}/SPEC`;

beforeAll(async () => {
  await provision();
  await provisionSettings(own, environment, { [app]: { SPEC: '1' }, common: { SPEC: '2' } });
  await provisionSettings(own, environment, { [issuer]: { SPEC: '3' } });
  expect(await register(issuer, own.token)).toBe(200);
});
afterAll(() => call('PUT', `agent/service/deregister/${issuer}-0`, undefined, own.token));

describe(`with the token of ${app} in Consul`, () => {
  it('a process may register and deregister that app', async () => {
    expect(await register(app)).toBe(200);
    expect(await call('PUT', `agent/service/deregister/${app}-0`)).toBe(200);
  });

  it('a process may find the instances of other services', async () => {
    const { text } = await callConsul(
      { url: own.url, token: TOKEN },
      'GET',
      `/v1/health/service/int-${issuer}`,
    );
    expect(JSON.parse(text)).toMatchObject([{ Service: { ID: `${issuer}-0` } }]);
  });

  it('a process may neither register as another app, nor take its id, nor deregister it', async () => {
    expect(await register(issuer)).toBe(403);
    const hijack = { ...entry(app), ID: `${issuer}-0` };
    expect(await call('PUT', 'agent/service/register', hijack)).toBe(403);
    expect(await call('PUT', `agent/service/deregister/${issuer}-0`)).toBe(403);
    // Past the agent, which checks a registration itself.
    const { text } = await callConsul(own, 'GET', '/v1/agent/self');
    const Node = (JSON.parse(text) as { Config: { NodeName: string } }).Config.NodeName;
    const Service = { ID: `${issuer}-9`, Service: `int-${issuer}`, Port: 9 };
    const write = [{ Service: { Verb: 'set', Node, Service } }];
    expect(await call('PUT', 'txn', write)).toBe(409);
    expect(await call('PUT', 'txn', write, own.token)).toBe(200);
    await call('PUT', 'txn', [{ Service: { Verb: 'delete', Node, Service } }], own.token);
  });

  it('a process may not register as a service of another environment', async () => {
    const other = { ID: `${app}-9`, Name: app, Port: 9 };
    expect(await call('PUT', 'agent/service/register', other)).toBe(403);
  });

  it('a process may read the settings of that app and of all, and no others', async () => {
    expect(await call('GET', key(app))).toBe(200);
    expect(await call('GET', key('common'))).toBe(200);
    expect(await call('GET', key(issuer))).toBe(403);
    expect(await call('GET', `kv/${system.name}/local/${app}/SPEC`)).toBe(403);
  });

  it.each([app, 'common', issuer])('a process may not write settings of %s', async (folder) => {
    expect(await call('PUT', key(folder), '4')).toBe(403);
    expect(await call('DELETE', key(folder))).toBe(403);
  });

  it('a process may not write tokens', async () => {
    expect(await call('GET', 'acl/policies')).toBe(403);
    expect(await call('PUT', 'acl/token', {})).toBe(403);
  });
});

it('Consul rejects reads and writes without a token', async () => {
  for (const [method, path] of [
    ['PUT', `agent/service/deregister/${issuer}-0`],
    ['PUT', key(app)],
    ['GET', key(app)],
  ] as const)
    expect(await call(method, path, undefined, '')).toBe(403);
  const found = await callConsul({ url: own.url }, 'GET', `/v1/health/service/int-${issuer}`);
  expect(found.text).toBe('[]');
});

describe('provisioning the tokens', () => {
  it('changes nothing when it runs again, and restores a policy and a token', async () => {
    const { text } = await callConsul(own, 'GET', '/v1/acl/policies');
    const policies = JSON.parse(text) as { Name: string; ID: string }[];
    const { ID } = policies.find(({ Name }) => Name === `${system.name}-int-${app}`)!;
    await call('DELETE', `acl/policy/${ID}`, undefined, own.token);
    expect(await register(app)).toBe(403);
    await provision();
    await provision();
    expect(await register(app)).toBe(200);
    expect(warned).toEqual([]);
  });

  it('replaces a token whose secret has changed', async () => {
    const token = crypto.randomUUID();
    await provision({ ...secrets, consul: { ...secrets.consul, [app]: token } });
    expect(await register(app, token)).toBe(200);
    expect(await register(app)).toBe(403);
    await provision();
    expect(await register(app, token)).toBe(403);
    expect(await register(app)).toBe(200);
    await call('PUT', `agent/service/deregister/${app}-0`);
  });

  it('reports what to try when it may not write tokens', async () => {
    const weak = { ...own, token: TOKEN };
    await expect(
      provisionTokens(weak, environment, secrets, () => undefined),
    ).rejects.toMatchObject({
      message: expect.stringContaining('403'),
      hint: expect.stringContaining('FIELDGUIDE_CONSUL_TOKEN'),
    });
  });
});
