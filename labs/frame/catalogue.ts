import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { CliError } from '@fieldguide/platform-host/cli-error';
import type { Lab, NumberedLab, SourceLab } from './lab.ts';

const labsFolder = fileURLToPath(new URL('../', import.meta.url));

/** Returns the labs, by number. */
export async function allLabs(): Promise<NumberedLab[]> {
  const folders = readdirSync(labsFolder).filter((name) => /^\d+-/.test(name));
  const labs = folders.map(async (folder) => {
    const file = pathToFileURL(join(labsFolder, folder, 'lab.ts')).href;
    const { lab } = (await import(file)) as { lab: Lab | SourceLab };
    return { ...lab, number: Number.parseInt(folder, 10), folder: join(labsFolder, folder) };
  });
  return (await Promise.all(labs)).toSorted((a, b) => a.number - b.number);
}

/** @throws CliError when there is no lab of this number */
export async function labOf(number: number): Promise<NumberedLab> {
  const all = await allLabs();
  const found = all.find((lab) => lab.number === number);
  if (found) return found;
  const numbers = all.map((lab) => lab.number).join(', ');
  throw new CliError(`There is no lab ${number}.`, `one of: ${numbers}; fieldguide lab list`);
}
