import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect, it } from 'vitest';

const folder = join(import.meta.dirname, '..');

it('contains every file of the example unchanged', () => {
  const readme = readFileSync(join(folder, 'README.md'), 'utf8');
  const inReadme = [...readme.matchAll(/```ts\n\/\/ (\S+\.ts)\n([\s\S]*?)```/g)].map(
    ([, file, text]) => [file, text] as const,
  );
  const files = globSync('example/*.ts', { cwd: folder }).map(
    (file) => [basename(file), readFileSync(join(folder, file), 'utf8')] as const,
  );
  expect(Object.fromEntries(inReadme)).toEqual(Object.fromEntries(files));
  expect(files.length).toBe(4);
});
