import { fileURLToPath } from 'node:url';
import type { System } from '@fieldguide/platform-model';

/** The root folder of the workspace that this platform runs. */
export const root = fileURLToPath(new URL('../../../', import.meta.url));

/** The system map, loaded by path: the platform's sources name no app and no topic. */
export const { system } = (await import(
  new URL('../../../system/system.ts', import.meta.url).href
)) as { system: System };
