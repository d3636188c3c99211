import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { useTestWorkspace } from '@fieldguide/platform-host/testing/workspace';
import { beforeAll, expect, it } from 'vitest';
import type * as BuildsModule from './builds.ts';

let builds: typeof BuildsModule;
const pact = JSON.stringify({ consumer: { name: 'reader' }, provider: { name: 'alpha' } });
beforeAll(async () => {
  const workspace = useTestWorkspace();
  builds = await import('./builds.ts');
  const write = (file: string, text: string) => {
    mkdirSync(join(file, '..'), { recursive: true });
    writeFileSync(file, text);
  };
  const result = { consumer: 'reader', provider: 'alpha', pact: 'p', ok: true };
  write(join(workspace, 'contracts/pacts/reader-alpha.json'), pact);
  write(join(builds.RESULTS, 'alpha.json'), JSON.stringify(result));
  write(builds.TESTED, JSON.stringify({ alpha: 'sources', pages: 'theirs' }));
});

const artifact = { name: 'alpha', digest: 'd'.repeat(64), sources: 'sources' };

it('publishes each app, and each web application under its name in contracts', () => {
  const pages = { name: 'pages', digest: 'e'.repeat(64), sources: 'theirs' };
  expect(builds.testedBuilds([artifact, pages], 'main')).toEqual([
    {
      pacticipant: 'alpha',
      version: expect.any(String),
      branch: 'main',
      expects: [],
      verified: [{ consumer: 'reader', pact: 'p', success: true }],
    },
    {
      pacticipant: 'reader',
      version: 'e'.repeat(12),
      branch: 'main',
      expects: [
        {
          provider: 'alpha',
          pact: builds.fingerprint(pact),
          file: expect.stringMatching(/reader-alpha\.json$/),
        },
      ],
      verified: [],
    },
  ]);
});

it('publishes nothing that was not tested', () => {
  expect(() => builds.testedBuilds([{ ...artifact, sources: 'others' }])).toThrow(
    /sources of alpha have changed/,
  );
});
