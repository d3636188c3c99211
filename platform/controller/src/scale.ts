import type { App } from '@fieldguide/platform-host/apps';
import { CliError } from '@fieldguide/platform-host/cli-error';
import type { Processes, Scale } from '@fieldguide/platform-model';
import { z } from 'zod';

const INSTANCES_MAX = 10;

/** Schema of a stored scale. */
export const StoredScale = z.union([
  z.int().min(1),
  z.strictObject({ web: z.int().min(0), worker: z.int().min(0) }),
]);

/** Schema of a requested scale. `assertScale` checks the numbers, to explain what is wrong with them. */
export const ScaleChange = z.union([
  z.number(),
  z.strictObject({ web: z.number().optional(), worker: z.number().optional() }),
]);
export type ScaleChange = z.infer<typeof ScaleChange>;

/** Applies a change. A process type that it does not name keeps the number of instances that run it. */
export function changeScale(before: Scale, change: ScaleChange = before): Scale {
  if (typeof change === 'number') return change;
  const { web, worker } = typeof before === 'number' ? { web: before, worker: before } : before;
  return { web: change.web ?? web, worker: change.worker ?? worker };
}

/** Returns how many instances run which process types. */
export function instancesByProcesses(scale: Scale): readonly (readonly [Processes, number])[] {
  if (typeof scale === 'number') return [['web,worker', scale]];
  return [
    ['web', scale.web],
    ['worker', scale.worker],
  ];
}

/** Returns the number of instances of all process types. */
export function totalOf(scale: Scale): number {
  return typeof scale === 'number' ? scale : scale.web + scale.worker;
}

/** @throws CliError when the app cannot run like that */
export function assertScale(
  { name, hasDatabase }: Pick<App, 'name' | 'hasDatabase'>,
  scale: Scale,
): void {
  const counts = instancesByProcesses(scale);
  const total = totalOf(scale);
  const isSplit = counts.length > 1;
  if (isSplit && !hasDatabase)
    throw new CliError(
      `Cannot split ${name} into web and worker: without a database it has no worker.`,
      `fieldguide scale ${name} 2 runs two instances`,
    );
  const areCounts = counts.every(([, count]) => Number.isInteger(count) && count >= 0);
  if (areCounts && total >= 1 && total <= INSTANCES_MAX) return;
  const wanted = isSplit
    ? counts.map(([processes, count]) => `${processes}=${count}`).join(' ')
    : `${total} instances`;
  const why = total > INSTANCES_MAX ? `the maximum is ${INSTANCES_MAX}` : 'the minimum is 1';
  throw new CliError(
    `Cannot scale ${name} to ${wanted}: ${areCounts ? why : 'these are not numbers of instances'}.`,
    isSplit
      ? `0 or more of each, together from 1 to ${INSTANCES_MAX}`
      : `a number from 1 to ${INSTANCES_MAX}; fieldguide stop stops all apps`,
  );
}
