import { describe, expect, it } from 'vitest';
import { assertScale, changeScale } from './scale.ts';

const lending = { name: 'lending', hasDatabase: true };

describe('a change of scale', () => {
  it.each([
    [2, 3, 3],
    [2, undefined, 2],
    [2, { web: 4 }, { web: 4, worker: 2 }],
    [{ web: 4, worker: 1 }, { worker: 2 }, { web: 4, worker: 2 }],
    [{ web: 4, worker: 1 }, undefined, { web: 4, worker: 1 }],
    [{ web: 4, worker: 1 }, 1, 1],
  ])('of %j by %j gives %j', (before, change, after) => {
    expect(changeScale(before, change)).toEqual(after);
  });
});

describe('a scale', () => {
  it.each([1, 10, { web: 1, worker: 0 }, { web: 0, worker: 1 }, { web: 5, worker: 5 }])(
    'of %j is accepted',
    (scale) => {
      expect(() => assertScale(lending, scale)).not.toThrow();
    },
  );

  it.each([
    [0, 'Cannot scale lending to 0 instances: the minimum is 1.'],
    [11, 'Cannot scale lending to 11 instances: the maximum is 10.'],
    [1.5, 'Cannot scale lending to 1.5 instances: these are not numbers of instances.'],
    [{ web: 0, worker: 0 }, 'Cannot scale lending to web=0 worker=0: the minimum is 1.'],
    [{ web: 8, worker: 3 }, 'Cannot scale lending to web=8 worker=3: the maximum is 10.'],
    [
      { web: -1, worker: 3 },
      'Cannot scale lending to web=-1 worker=3: these are not numbers of instances.',
    ],
  ])('of %j is rejected', (scale, message) => {
    expect(() => assertScale(lending, scale)).toThrow(message);
  });

  it('splits no app without a worker', () => {
    const desk = { name: 'desk', hasDatabase: false };
    expect(() => assertScale(desk, 2)).not.toThrow();
    expect(() => assertScale(desk, { web: 1, worker: 1 })).toThrow(/without a database/);
  });
});
