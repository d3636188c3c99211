import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineSystem, file, oauthClients, secret, urlOf } from '@fieldguide/platform-model';
import { vi } from 'vitest';

const uses = ['database', 'messaging'] as const;
const apiKey = secret('apiKey');
const topic = (name: string, kind: 'events' | 'commands') => ({
  [name]: { name, kind, partitions: 1, retention: { days: 1 }, senders: [name.split('.')[0]!] },
});

/** A made-up system for the specs of the platform. */
export const testSystem = defineSystem({
  name: 'letters',
  teams: { post: '@letters/post' },
  team: 'post',
  operatorScopes: ['alpha:write'],
  webApps: { pages: { team: 'post', summary: 'pages', servedBy: 'front', pacticipant: 'reader' } },
  apps: {
    alpha: {
      kind: 'service',
      team: 'post',
      summary: 'the first service',
      contract: topic('alpha.alpha.v1', 'events'),
      uses,
      env: { SIGNING_KEY: secret('signingKey', 'es256-key'), CLIENTS: oauthClients },
      tokenPath: '/tokens',
    },
    beta: {
      kind: 'service',
      team: 'post',
      summary: 'the second service',
      contract: { ...topic('beta.commands.v1', 'commands'), ...topic('beta.beta.v1', 'events') },
      uses,
      scopes: ['alpha:read'],
      instances: { web: 2, worker: 1 },
      env: { STORE_URL: urlOf('alpha-store'), API_KEY: apiKey },
    },
    'alpha-store': {
      kind: 'external',
      team: 'post',
      summary: 'a stand-in whose name begins like that of a service',
      uses: ['messaging'],
      env: { API_KEY: apiKey, FILE: file('store/store.db') },
      publicPort: 'any',
    },
    front: {
      kind: 'gateway',
      team: 'post',
      summary: 'the gateway',
      uses: ['messaging'],
      publicPort: 8080,
    },
  },
});

/**
 * Creates a workspace with the made-up system, and selects it for modules that a spec imports later; until
 * `vi.unstubAllEnvs()`.
 * @returns its folder
 */
export function useTestWorkspace(): string {
  const folder = mkdtempSync(join(tmpdir(), 'workspace-'));
  const write = (path: string, text: string) => {
    mkdirSync(join(folder, path, '..'), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  write('system/system.ts', `export const system = ${JSON.stringify(testSystem)};`);
  for (const name of Object.keys({ ...testSystem.apps, ...testSystem.webApps }))
    write(`apps/${name}/package.json`, JSON.stringify({ version: '1.0.0' }));
  vi.stubEnv('FIELDGUIDE_WORKSPACE', folder);
  vi.stubEnv('FIELDGUIDE_HOME', join(folder, '.fieldguide'));
  return folder;
}
