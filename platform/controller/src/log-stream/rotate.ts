import {
  closeSync,
  existsSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readdirSync,
  readSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';

/** A log that has grown past this is rotated; one older part is kept beside it as `.old`. */
export const LOG_BYTES_MAX = 20_000_000;
const CHECK_EVERY_MS = 10_000;
const CHUNK_BYTES = 1_048_576;

/**
 * Rotates the logs of a folder by size while their processes run. They write to the end of an open file that outlives the
 * platform, so it cannot be renamed under them: it is copied and truncated. A line that is written in the microseconds
 * between the two is lost. After a killed platform nothing is rotated until the next one takes over.
 */
export function startRotation(folder: string, bytesMax = LOG_BYTES_MAX): { stop(): void } {
  const check = () => {
    if (!existsSync(folder)) return;
    for (const name of readdirSync(folder))
      if (name.endsWith('.log')) rotate(join(folder, name), bytesMax);
  };
  const timer = setInterval(check, CHECK_EVERY_MS).unref();
  check();
  return { stop: () => clearInterval(timer) };
}

/** @returns whether it was large enough; a file that cannot be rotated now is left for the next time */
export function rotate(file: string, bytesMax: number): boolean {
  try {
    const log = openSync(file, 'r+');
    try {
      if (fstatSync(log).size <= bytesMax) return false;
      moveInto(openSync(`${file}.old`, 'w', 0o600), log);
      return true;
    } finally {
      closeSync(log);
    }
  } catch {
    return false;
  }
}

/** Reads until there is no more, so that what is written meanwhile goes along. */
function moveInto(old: number, log: number): void {
  try {
    const chunk = Buffer.alloc(CHUNK_BYTES);
    for (let count = readSync(log, chunk); count > 0; count = readSync(log, chunk))
      writeSync(old, chunk, 0, count);
    ftruncateSync(log);
  } finally {
    closeSync(old);
  }
}
