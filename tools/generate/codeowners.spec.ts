import { system } from '@fieldguide/system';
import { expect, it } from 'vitest';
import { codeowners } from './codeowners.ts';

const map = {
  name: 'library',
  operatorScopes: [],
  teams: { desk: '@library/desk', rest: '@library/rest' },
  team: 'rest',
  webApps: { pages: { team: 'rest', summary: '', servedBy: 'platform' } },
  apps: { loans: { kind: 'service', team: 'desk', summary: '', uses: [] } },
} as const;

it('names the team of each app, and one team for everything else', () => {
  expect(
    codeowners(map, (folder) => folder !== 'contracts/pages')
      .split('\n')
      .slice(1),
  ).toEqual([
    '* @library/rest',
    '/apps/loans/ @library/desk',
    '/contracts/loans/ @library/desk',
    '/apps/pages/ @library/rest',
    '',
  ]);
});

it('has a line for every app and web app of the map', () => {
  const paths = [...codeowners(system, () => true).matchAll(/^\/apps\/(\S+)\/ @/gm)];
  const names = Object.keys({ ...system.apps, ...system.webApps });
  expect(paths.map(([, name]) => name)).toEqual(names);
});
