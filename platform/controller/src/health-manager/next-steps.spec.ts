import { backoffMs } from '@fieldguide/platform-host/backing-services/backoff';
import { describe, expect, it } from 'vitest';
import { nextSteps, type Seen, type Step, type Wanted } from './next-steps.ts';

const wanted: Wanted = { instances: 2, hash: 'new' };
const well: Seen = {
  slot: 1,
  state: 'running',
  busy: false,
  hash: 'new',
  unanswered: 0,
  usedMb: 100,
  limitMb: 300,
  notBeforeMs: 0,
};
const other: Seen = { ...well, slot: 2 };
const NOW = 1_000;
const kinds = (steps: readonly Step[]) => steps.map(({ kind, slot }) => `${kind} ${slot}`);

describe('the next step', () => {
  it.each<[string, Wanted, Seen[], string[]]>([
    ['nothing, when all is as it is wanted', wanted, [well, other], []],
    ['to start what is missing, all at once', wanted, [], ['start 1', 'start 2']],
    ['to start what has ended', wanted, [{ ...well, state: 'ended' }, other], ['start 1']],
    [
      'to wait, after a failure',
      wanted,
      [{ ...well, state: 'ended', notBeforeMs: 2_000 }, other],
      [],
    ],
    ['to end what is too many', { ...wanted, instances: 1 }, [well, other], ['stop 2']],
    [
      'to forget what has ended and is not wanted',
      { ...wanted, instances: 1 },
      [well, { ...other, state: 'ended' }],
      ['forget 2'],
    ],
    ['to kill what does not answer', wanted, [{ ...well, unanswered: 3 }, other], ['kill 1']],
    ['to ask again first', wanted, [{ ...well, unanswered: 2 }, other], []],
    ['to replace what uses too much', wanted, [{ ...well, usedMb: 301 }, other], ['replace 1']],
    [
      'not to replace it again and again',
      wanted,
      [{ ...well, usedMb: 301, notBeforeMs: 2_000 }, other],
      [],
    ],
    [
      'to replace the old one by one',
      wanted,
      [
        { ...well, hash: 'old' },
        { ...other, hash: 'old' },
      ],
      ['replace 1'],
    ],
    [
      'to wait with the next while one is replaced',
      wanted,
      [
        { ...well, hash: 'old', busy: true },
        { ...other, hash: 'old' },
      ],
      [],
    ],
    [
      'to mend what has ended before others are replaced',
      wanted,
      [
        { ...well, state: 'ended' },
        { ...other, hash: 'old' },
      ],
      ['start 1'],
    ],
    [
      'not to replace while another is down',
      wanted,
      [
        { ...well, state: 'ended', notBeforeMs: 2_000 },
        { ...other, hash: 'old' },
      ],
      [],
    ],
    [
      'nothing where something is done already',
      wanted,
      [{ ...well, unanswered: 9, busy: true }, other],
      [],
    ],
  ])('is %s', (_what, want, seen, steps) => {
    expect(kinds(nextSteps(want, seen, NOW))).toEqual(steps);
  });
});

describe('the pause before another try', () => {
  it('is none at first, grows, and has an end', () => {
    expect([0, 1, 2, 3, 4, 7, 100].map(backoffMs)).toEqual([
      0, 0, 1_000, 2_000, 4_000, 30_000, 30_000,
    ]);
  });
});
