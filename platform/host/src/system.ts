import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { System } from '@fieldguide/platform-model';

/** The root folder of the workspace that this platform runs. FIELDGUIDE_WORKSPACE selects another one. */
export const root =
  process.env.FIELDGUIDE_WORKSPACE ?? fileURLToPath(new URL('../../../', import.meta.url));

/** The system map, loaded by path: the platform's sources name no app and no topic. */
export const { system } = (await import(pathToFileURL(join(root, 'system/system.ts')).href)) as {
  system: System;
};
