import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Gives the specs their own folder for temporary files, and deletes it after the run. */
export default function setup(): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'fieldguide-specs-'));
  for (const name of ['TMPDIR', 'TEMP', 'TMP']) process.env[name] = folder;
  return () => rmSync(folder, { recursive: true, force: true });
}
