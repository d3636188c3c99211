import { describe, expect, it } from 'vitest';
import type { AppSpec } from './model.ts';
import { exampleOf, gatewayOf, tokenIssuerOf } from './roles.ts';

const service: AppSpec = { kind: 'service', team: 'post', summary: '', uses: [] };
const front: AppSpec = { ...service, kind: 'gateway' };
const issuer: AppSpec = { ...service, tokenPath: '/tokens' };
const system = (apps: Readonly<Record<string, AppSpec>>, more = {}) => ({
  name: 'letters',
  operatorScopes: [],
  teams: { post: '@letters/post' } as const,
  team: 'post',
  apps,
  ...more,
});

describe('the roles of apps', () => {
  it('are what the map states', () => {
    const map = system({ alpha: issuer, front });
    expect(gatewayOf(map)).toBe('front');
    expect(tokenIssuerOf(map)).toEqual({ app: 'alpha', path: '/tokens' });
  });

  it.each([
    [{ alpha: issuer }, gatewayOf, /one app with kind: 'gateway', but has none: add it/],
    [{ front, back: front }, gatewayOf, /has front, back: remove it from all but one/],
    [{ front }, tokenIssuerOf, /one app with tokenPath, but has none: add it/],
    [{ alpha: issuer, beta: issuer }, tokenIssuerOf, /has alpha, beta: remove it/],
  ])('are an error of the map when one is missing or doubled (%#)', (apps, role, message) => {
    expect(() => role(system(apps))).toThrow(message);
  });
});

describe('the example of help texts', () => {
  it('is the first service with settings of its own', () => {
    const beta: AppSpec = { ...service, localConfig: { DELAY_MS: '5' } };
    const map = system({ front: { ...front, localConfig: { RATE: '1' } }, alpha: service, beta });
    expect(exampleOf(map)).toEqual({ app: 'beta', setting: ['DELAY_MS', '5'] });
  });

  it('is else the first app, with a setting of all apps if there is one', () => {
    const apps = { alpha: service, front };
    expect(exampleOf(system(apps, { localConfig: { LOG_LEVEL: 'info' } }))).toEqual({
      app: 'alpha',
      setting: ['LOG_LEVEL', 'info'],
    });
    expect(exampleOf(system(apps)).setting).toBeUndefined();
  });
});
