import { mkdtempSync, readdirSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { copySources } from './source-copy.ts';

it('links our packages to the copy, and installed ones to the original', () => {
  const root = fileURLToPath(new URL('../', import.meta.url));
  const copy = realpathSync(mkdtempSync(join(tmpdir(), 'fieldguide-copy-')));
  copySources(root, copy);
  const scope = join(copy, 'node_modules', '@fieldguide');
  for (const name of readdirSync(scope))
    expect(realpathSync(join(scope, name)).startsWith(copy), name).toBe(true);
  const zod = realpathSync(join(root, 'node_modules', 'zod'));
  expect(realpathSync(join(copy, 'node_modules', 'zod'))).toBe(zod);
  rmSync(copy, { recursive: true });
});
