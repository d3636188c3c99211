import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { isComplete } from './consul.ts';

let folder: string;
let program: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fieldguide-'));
  program = join(folder, 'consul');
});
afterEach(() => rmSync(folder, { recursive: true }));

it('uses a cached Consul only while its checksum matches', async () => {
  expect(await isComplete(program)).toBe(false);
  writeFileSync(program, 'from an older version, without a checksum');
  expect(await isComplete(program)).toBe(true);
  writeFileSync(program, 'changed');
  expect(await isComplete(program)).toBe(false);
  expect(existsSync(program)).toBe(false); // downloaded again
});
