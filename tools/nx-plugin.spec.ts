import { describe, expect, it } from 'vitest';
import { createNodesV2 } from './nx-plugin.mjs';
import { readPackages } from './packages.ts';

const [, nodesOf] = createNodesV2;
const targetsOf = (folder: string) =>
  nodesOf([`${folder}/package.json`])[0]?.[1].projects[folder]?.targets;

describe('the Nx targets', () => {
  it('include lint, typecheck and test for every package', () => {
    for (const { folder } of readPackages('.')) {
      expect(Object.keys(targetsOf(folder) ?? {})).toEqual(
        expect.arrayContaining(['lint', 'typecheck', 'test']),
      );
    }
  });
  it('include a build that stores the artifact for an app', () =>
    expect(targetsOf('apps/ordering')).toMatchObject({
      build: { outputs: ['{workspaceRoot}/.fieldguide/artifacts/ordering'] },
    }));
  it('do not cache tests that read files of other folders', () => {
    expect(targetsOf('tools')).toMatchObject({ test: { cache: false } });
    expect(targetsOf('libs/clock')).toMatchObject({ test: { cache: true } });
  });
});
