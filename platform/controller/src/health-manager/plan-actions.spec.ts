import { backoffMs } from '@fieldguide/platform-host/backing-services/backoff';
import { describe, expect, it } from 'vitest';
import {
  type Action,
  type ActualInstance,
  type DesiredInstances,
  planActions,
} from './plan-actions.ts';

const desired: DesiredInstances = { processes: 'web,worker', instances: 2, hash: 'new' };
const healthy: ActualInstance = {
  slot: 1,
  processes: 'web,worker',
  state: 'running',
  busy: false,
  hash: 'new',
  unanswered: 0,
  usedMb: 100,
  limitMb: 300,
  notBeforeMs: 0,
};
const other: ActualInstance = { ...healthy, slot: 2 };
const NOW = 1_000;
const kinds = (actions: readonly Action[]) => actions.map(({ kind, slot }) => `${kind} ${slot}`);

describe('the next step', () => {
  it.each<[string, DesiredInstances, ActualInstance[], string[]]>([
    ['nothing, when all is as it is wanted', desired, [healthy, other], []],
    ['to start all missing instances together', desired, [], ['start 1', 'start 2']],
    ['to start what has ended', desired, [{ ...healthy, state: 'ended' }, other], ['start 1']],
    [
      'to wait, after a failure',
      desired,
      [{ ...healthy, state: 'ended', notBeforeMs: 2_000 }, other],
      [],
    ],
    ['to end what is too many', { ...desired, instances: 1 }, [healthy, other], ['stop 2']],
    [
      'to forget what has ended and is not wanted',
      { ...desired, instances: 1 },
      [healthy, { ...other, state: 'ended' }],
      ['forget 2'],
    ],
    ['to kill what does not answer', desired, [{ ...healthy, unanswered: 3 }, other], ['kill 1']],
    ['to repeat the check first', desired, [{ ...healthy, unanswered: 2 }, other], []],
    ['to replace what uses too much', desired, [{ ...healthy, usedMb: 301 }, other], ['replace 1']],
    [
      'not to replace it again and again',
      desired,
      [{ ...healthy, usedMb: 301, notBeforeMs: 2_000 }, other],
      [],
    ],
    [
      'to replace the old one by one',
      desired,
      [
        { ...healthy, hash: 'old' },
        { ...other, hash: 'old' },
      ],
      ['replace 1'],
    ],
    [
      'to wait with the next while one is replaced',
      desired,
      [
        { ...healthy, hash: 'old', busy: true },
        { ...other, hash: 'old' },
      ],
      [],
    ],
    [
      'to restart what has ended before others are replaced',
      desired,
      [
        { ...healthy, state: 'ended' },
        { ...other, hash: 'old' },
      ],
      ['start 1'],
    ],
    [
      'not to replace while another is down',
      desired,
      [
        { ...healthy, state: 'ended', notBeforeMs: 2_000 },
        { ...other, hash: 'old' },
      ],
      [],
    ],
    [
      'nothing where something is done already',
      desired,
      [{ ...healthy, unanswered: 9, busy: true }, other],
      [],
    ],
  ])('is %s', (_what, want, actual, actions) => {
    expect(kinds(planActions([want], actual, NOW))).toEqual(actions);
  });
});

describe('the next step of an app with two process types', () => {
  const web: DesiredInstances = { processes: 'web', instances: 1, hash: 'web' };
  const worker: DesiredInstances = { processes: 'worker', instances: 1, hash: 'worker' };
  const running = (slot: number, { processes, hash }: DesiredInstances) => ({
    ...healthy,
    slot,
    processes,
    hash,
  });
  const steps = (want: DesiredInstances[], ...actual: ActualInstance[]) =>
    planActions(want, actual, NOW).map(
      ({ kind, slot, processes }) => `${kind} ${slot} ${processes}`,
    );
  const combined = { ...desired, instances: 1 };

  it('is to split: a worker first, then the instance that serves becomes web', () => {
    const before = running(1, desired);
    expect(steps([web, worker], before)).toEqual(['start 2 worker']);
    expect(steps([web, worker], before, running(2, worker))).toEqual(['replace 1 web']);
  });

  it('is to combine: the instance that serves is replaced, never the worker', () => {
    const before = [running(1, worker), running(2, web)] as const;
    expect(steps([combined], ...before)).toEqual(['stop 1 worker']);
    expect(steps([combined], before[1])).toEqual(['replace 2 web,worker']);
  });

  it('is to scale one type and leave the other alone', () => {
    const before = [running(1, web), running(2, worker)] as const;
    expect(steps([{ ...web, instances: 3 }, worker], ...before)).toEqual([
      'start 3 web',
      'start 4 web',
    ]);
    expect(steps([web, { ...worker, instances: 0 }], ...before)).toEqual(['stop 2 worker']);
  });

  it('is to restart an ended worker as a worker', () => {
    const ended: ActualInstance = { ...running(2, worker), state: 'ended' };
    expect(steps([web, worker], running(1, web), ended)).toEqual(['start 2 worker']);
  });

  it('is to replace outdated instances one by one, across types', () => {
    const newer = [
      { ...web, hash: 'web 2' },
      { ...worker, hash: 'worker 2' },
    ];
    const before = [running(1, web), running(2, worker)] as const;
    expect(steps(newer, ...before)).toEqual(['replace 1 web']);
    expect(steps(newer, running(1, newer[0]!), before[1])).toEqual(['replace 2 worker']);
  });
});

describe('the pause before another try', () => {
  it('is none at first, grows, and has an end', () => {
    expect([0, 1, 2, 3, 4, 7, 100].map(backoffMs)).toEqual([
      0, 0, 1_000, 2_000, 4_000, 30_000, 30_000,
    ]);
  });
});
