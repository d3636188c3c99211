import { expect, it } from 'vitest';
import type { AppStatus, Instance } from '../api/types.ts';
import { addSample, type History, SAMPLES_MAX } from './history.ts';

const status = (...instances: Partial<Instance>[]) => ({
  apps: [{ app: 'shelf', instances } as unknown as AppStatus],
});

it('keeps five minutes of each instance, and forgets one that is gone', () => {
  let history: History = new Map();
  for (let n = 0; n < SAMPLES_MAX + 10; n++)
    history = addSample(
      history,
      status(
        { name: 'shelf-1-1', cpuPercent: n, memoryMb: 90 },
        { name: 'shelf-2-2', cpuPercent: 1 },
      ),
    );
  const { cpuPercent, memoryMb } = history.get('shelf-1-1')!;
  expect(cpuPercent).toHaveLength(SAMPLES_MAX);
  expect([cpuPercent[0], cpuPercent.at(-1)]).toEqual([10, SAMPLES_MAX + 9]);
  expect(memoryMb.at(-1)).toBe(90);
  history = addSample(history, status({ name: 'shelf-1-1', cpuPercent: null, memoryMb: null }));
  expect([...history.keys()]).toEqual(['shelf-1-1']);
  expect(history.get('shelf-1-1')?.cpuPercent).toEqual(cpuPercent);
});
