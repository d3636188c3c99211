import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect, it } from 'vitest';

const folder = join(import.meta.dirname, '..');

it('README tells the example word for word, and all of it', () => {
  const readme = readFileSync(join(folder, 'README.md'), 'utf8');
  const told = [...readme.matchAll(/```ts\n\/\/ (\S+\.ts)\n([\s\S]*?)```/g)].map(
    ([, file, text]) => [file, text] as const,
  );
  const there = globSync('example/*.ts', { cwd: folder }).map(
    (file) => [basename(file), readFileSync(join(folder, file), 'utf8')] as const,
  );
  expect(Object.fromEntries(told)).toEqual(Object.fromEntries(there));
  expect(there.length).toBe(4);
});
