import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Whatever specs put into the folder for temporary files is gone when they are done. */
export default function setup(): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'fieldguide-specs-'));
  for (const name of ['TMPDIR', 'TEMP', 'TMP']) process.env[name] = folder;
  return () => rmSync(folder, { recursive: true, force: true });
}
