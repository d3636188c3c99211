import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { plugin } from '@fieldguide/system/commands/labs/labs';
import { afterAll, expect, it, vi } from 'vitest';
import { started, writeProgress } from './progress.ts';

// The folder is read when the modules are loaded.
const home = await vi.hoisted(async () => {
  const { mkdtempSync } = await import('node:fs');
  const folder = mkdtempSync(`${(await import('node:os')).tmpdir()}/fieldguide-labs-`);
  vi.stubEnv('FIELDGUIDE_HOME', folder);
  return folder;
});
afterAll(() => rmSync(home, { recursive: true }));

const shownIn = (env: string) => plugin.data!['current']!({}, {} as never, { env });

it.each([
  [13, 'lab', 'Lab 13: Twice is once'],
  [13, 'local', undefined],
  [22, 'lab', 'Lab 22: Change a contract in steps'],
  [22, 'local', 'Lab 22: Change a contract in steps'],
])('shows lab %i in the console of the environment %s: %s', async (lab, env, title) => {
  writeProgress(join(home, 'labs', 'progress.json'), started({ labs: {} }, lab, ''));
  const lesson = (await shownIn(env)) as { title: string } | null;
  expect(lesson?.title).toBe(title);
});
