import { useSyncExternalStore } from 'react';
import { onStatus } from '../api/platform.ts';
import type { Status } from '../api/types.ts';

/** Five minutes at one sample every two seconds. */
export const SAMPLES_MAX = 150;

interface Usage {
  readonly cpuPercent: readonly number[];
  readonly memoryMb: readonly number[];
}
export type History = ReadonlyMap<string, Usage>;

/** Appends a sample of each running instance; forgets instances that are gone. */
export function addSample(history: History, { apps }: Pick<Status, 'apps'>): History {
  const instances = apps.flatMap((app) => app.instances);
  return new Map(
    instances.map(({ name, cpuPercent, memoryMb }) => {
      const before = history.get(name) ?? { cpuPercent: [], memoryMb: [] };
      return [
        name,
        {
          cpuPercent: append(before.cpuPercent, cpuPercent),
          memoryMb: append(before.memoryMb, memoryMb),
        },
      ];
    }),
  );
}

const append = (values: readonly number[], value: number | null) =>
  value === null ? values : [...values, value].slice(-SAMPLES_MAX);

let history: History = new Map();
const listeners = new Set<() => void>();
let lastMs = 0;
// At the pace of the poll: events between would stretch the line.
onStatus((status) => {
  const nowMs = Date.now();
  if (nowMs - lastMs < 1_500) return;
  lastMs = nowMs;
  history = addSample(history, status);
  for (const listener of listeners) listener();
});

/** CPU and memory of each instance, since the console was opened. */
export function useHistory(): History {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    () => history,
  );
}
