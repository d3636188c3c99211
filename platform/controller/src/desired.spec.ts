import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type * as EnvironmentModule from '@fieldguide/platform-host/environment';
import { useTestWorkspace } from '@fieldguide/platform-host/testing/workspace';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type * as DesiredModule from './desired.ts';

let environmentModule: typeof EnvironmentModule;
let desired: typeof DesiredModule;
beforeAll(async () => {
  useTestWorkspace();
  environmentModule = await import('@fieldguide/platform-host/environment');
  desired = await import('./desired.ts');
});
afterAll(() => {
  vi.unstubAllEnvs();
});
const quiet = () => undefined;

describe('the desired state', () => {
  it('survives a restart of the platform', () => {
    const environment = new environmentModule.Environment('kept');
    const before = new desired.DesiredState(environment, quiet);
    before.change('alpha', { instances: 3 });
    before.run('alpha', 'a');
    before.run('alpha', 'b', 'sources of b');
    const serial = before.nextSerial();
    const after = new desired.DesiredState(environment, quiet);
    expect(after.app('alpha')).toMatchObject({
      instances: 3,
      digest: 'b',
      earlier: ['a'],
      pushedSources: 'sources of b',
    });
    expect(after.nextSerial()).toBe(serial + 1);
    expect(after.app('beta')).toMatchObject({ instances: { web: 2, worker: 1 }, earlier: [] });
    after.change('beta', { instances: { web: 1, worker: 0 } });
    expect(new desired.DesiredState(environment, quiet).app('beta').instances).toEqual({
      web: 1,
      worker: 0,
    });
  });

  it('begins again, with new numbers for instances', () => {
    const environment = new environmentModule.Environment('cleared');
    const state = new desired.DesiredState(environment, quiet);
    state.change('alpha', { instances: 3, settings: { KEY: 'value' } });
    state.run('alpha', 'a');
    const serial = state.nextSerial();
    state.clear();
    const after = new desired.DesiredState(environment, quiet);
    expect(after.app('alpha')).toEqual({
      instances: 1,
      memoryMb: desired.MEMORY_MB,
      earlier: [],
      settings: {},
      variables: {},
      revision: 0,
    });
    expect(after.nextSerial()).toBe(serial + 1);
  });

  it('remembers each artifact once, and only a few', () => {
    const state = new desired.DesiredState(new environmentModule.Environment('earlier'), quiet);
    for (const digest of ['a', 'b', 'a', 'c', 'd', 'e', 'f']) state.run('alpha', digest);
    expect(state.app('alpha')).toMatchObject({ digest: 'f', earlier: ['e', 'd', 'c'] });
    const file = new environmentModule.Environment('earlier').path('desired.json');
    expect(desired.digestsIn(readFileSync(file, 'utf8'))).toEqual(['f', 'e', 'd', 'c']);
  });

  it('renames a file that it cannot read, and reports it', () => {
    const environment = new environmentModule.Environment('damaged');
    writeFileSync(environment.path('desired.json'), '{"serial":');
    const reported: string[] = [];
    const state = new desired.DesiredState(environment, (line) => reported.push(line));
    expect(state.app('alpha').instances).toBe(1);
    expect(reported.join()).toMatch(/could not be read/);
    expect(existsSync(environment.path('desired.json.unreadable'))).toBe(true);
  });

  it('does not change when it cannot be written', () => {
    const environment = new environmentModule.Environment('full');
    const state = new desired.DesiredState(environment, quiet);
    state.change('alpha', { instances: 2 });
    vi.spyOn(process, 'pid', 'get').mockReturnValue('no/such/folder' as never);
    expect(() => state.change('alpha', { instances: 5 })).toThrow(/cannot be written/);
    vi.restoreAllMocks();
    expect(state.app('alpha').instances).toBe(2);
  });
});
