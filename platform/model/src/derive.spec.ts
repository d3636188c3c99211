import { describe, expect, it } from 'vitest';
import {
  brokerGrants,
  databases,
  fileFolders,
  instanceEnv,
  localConfig,
  oauthClientScopes,
  probes,
  secretKeys,
  secrets,
  topics,
} from './derive.ts';
import { defineSystem, file, oauthClients, secret, urlOf } from './model.ts';

const topic = (name: string, retention: unknown) => ({
  name,
  kind: 'events',
  partitions: 3,
  senders: [name.split('.')[0]!],
  retention,
});
const system = defineSystem({
  name: 'library',
  teams: { desk: '@library/desk' },
  team: 'desk',
  operatorScopes: ['books:write'],
  localConfig: { LOG_LEVEL: 'info' },
  apps: {
    lending: {
      kind: 'service',
      team: 'desk',
      summary: 'loans',
      contract: { Loans: topic('loans.v1', { days: 7 }), Other: { topic: 'loans.v1' } },
      uses: ['database', 'messaging'],
      scopes: ['books:read'],
      env: { KEY: secret('shared'), POST_URL: urlOf('post'), CLIENTS: oauthClients },
      localConfig: { DAYS: '3' },
      probe: '/loans',
    },
    post: {
      kind: 'external',
      team: 'desk',
      summary: 'letters',
      contract: { A: topic('a.v1', { hours: 1 }), B: topic('b.v1', 'compact') },
      uses: [],
      env: { KEY: secret('shared'), BOX: file('post/box.db') },
      publicPort: 'any',
    },
  },
});

describe('a map', () => {
  it('yields the topics of all contracts with their settings', () => {
    const settings = Object.fromEntries(topics(system).map((each) => [each.name, each.settings]));
    expect(settings).toEqual({
      'loans.v1': {
        'retention.ms': '604800000',
        'segment.ms': '86400000',
        'segment.bytes': '16777216',
      },
      'a.v1': { 'retention.ms': '3600000', 'segment.ms': '600000' },
      'b.v1': { 'cleanup.policy': 'compact', 'segment.ms': '86400000' },
    });
    expect(topics(system)[0]).toMatchObject({ owner: 'lending', kind: 'events', partitions: 3 });
  });

  it('grants each app that uses messaging the topics that it may send on, its own and those that it handles', () => {
    const post = { ...system.apps.post, uses: ['messaging'] as const };
    const requests = { ...topic('post.requests.v1', { days: 7 }), senders: ['lending'] };
    const apps = { ...system.apps, post: { ...post, contract: { requests } } };
    const handled = [
      { app: 'post', topic: 'post.requests.v1' },
      { app: 'post', topic: 'loans.v1' },
      { app: 'stranger', topic: 'loans.v1' },
      { app: 'post', topic: 'unknown.v1' },
    ];
    expect(brokerGrants({ ...system, apps }, handled)).toEqual([
      { app: 'lending', publishes: ['post.requests.v1'], consumes: ['loans.v1'] },
      { app: 'post', publishes: [], consumes: ['loans.v1', 'post.requests.v1'] },
    ]);
    expect(brokerGrants(system, handled)).toEqual([
      { app: 'lending', publishes: [], consumes: ['loans.v1'] },
    ]);
  });

  it('yields databases, probes, clients, named secrets and local settings', () => {
    expect(databases(system)).toEqual(['lending']);
    expect(fileFolders(system)).toEqual(['post']);
    expect(probes(system)).toEqual(['/loans']);
    expect(probes(system, (app) => app !== 'lending')).toEqual([]);
    expect(oauthClientScopes(system)).toEqual({
      lending: ['books:read'],
      operator: ['books:write'],
    });
    expect([...secrets(system)]).toEqual([['shared', 'random']]);
    expect(localConfig(system)).toEqual({ common: { LOG_LEVEL: 'info' }, lending: { DAYS: '3' } });
  });

  it('gives an instance what it binds, and leaves out what has no value', () => {
    const values = {
      system: 'library',
      environment: 'local',
      consulUrl: 'http://consul',
      consulToken: 'registry-token',
      kafkaUrl: 'kafka://broker',
      databaseUrl: 'postgres://database',
      clientSecret: 'own',
      resolve: ({ from }: { from: string }) => (from === 'url' ? undefined : `a ${from}`),
    };
    expect(instanceEnv(system.apps.lending, values)).toEqual({
      SYSTEM_NAME: 'library',
      ENVIRONMENT: 'local',
      CONSUL_HTTP_ADDR: 'http://consul',
      CONSUL_HTTP_TOKEN: 'registry-token',
      CLIENT_SECRET: 'own',
      DATABASE_URL: 'postgres://database',
      MESSAGING_URL: 'kafka://broker',
      KEY: 'a secret',
      CLIENTS: 'a oauth-clients',
    });
    expect(instanceEnv(system.apps.post, { ...values, publicPort: 80 })).toEqual({
      SYSTEM_NAME: 'library',
      ENVIRONMENT: 'local',
      CONSUL_HTTP_ADDR: 'http://consul',
      CONSUL_HTTP_TOKEN: 'registry-token',
      PUBLIC_PORT: '80',
      KEY: 'a secret',
      BOX: 'a file',
    });
  });

  it('lists which of an app’s keys are secret', () => {
    expect([...secretKeys(system.apps.lending)]).toEqual([
      'CONSUL_HTTP_TOKEN',
      'CLIENT_SECRET',
      'DATABASE_URL',
      'MESSAGING_URL',
      'KEY',
      'CLIENTS',
    ]);
    expect([...secretKeys(system.apps.post)]).toEqual(['CONSUL_HTTP_TOKEN', 'KEY']);
  });

  it('does not compile when an address, a plug-in or a team is not in it', () => {
    const app = { kind: 'service', team: 'desk', summary: '', uses: [] } as const;
    const teams = { desk: '@library/desk' } as const;
    const map = { name: 'x', operatorScopes: [], teams, team: 'desk' } as const;
    // @ts-expect-error there is no team `sales`
    defineSystem({ ...map, apps: { only: { ...app, team: 'sales' } } });
    // @ts-expect-error there is no app `nowhere`
    defineSystem({ ...map, apps: { only: { ...app, env: { URL: urlOf('nowhere') } } } });
    const load = () => Promise.resolve({ plugin: { add: () => undefined } });
    // @ts-expect-error a plug-in cannot need it either
    defineSystem({ ...map, apps: { only: app }, plugins: { loans: { needs: ['nowhere'], load } } });
    defineSystem({ ...map, apps: { only: app }, plugins: { loans: { needs: ['only'], load } } });
    expect(databases(system)).toHaveLength(1);
  });
});
