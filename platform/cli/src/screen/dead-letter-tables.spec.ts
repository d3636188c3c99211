import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { deadLettersTable, deadLetterText, type LetterDetails } from './dead-letter-tables.ts';

const letter: LetterDetails = {
  id: '0192',
  topic: 'things.v1',
  partition: 2,
  offset: '7',
  key: 'order-1',
  reason: 'not a CloudEvents envelope',
  status: 'waiting',
  parkedAt: '2030-01-01T12:00:00.000Z',
  handledAt: null,
  handledBy: null,
  note: null,
  headers: { type: 'ThingChanged' },
  value: { bytes: 12, text: 'a\u0000b\u001b[8mc\nd', isTextComplete: true, base64: '' },
};

describe('a dead letter on the screen', () => {
  it('is a row with its key and its reason below it', () => {
    const text = stripVTControlCharacters(
      deadLettersTable([{ app: 'fees', type: null, ...letter }]),
    );
    expect(text).toMatch(/fees +0192 +– +waiting\n +key order-1\n +not a CloudEvents envelope/);
    expect(deadLettersTable([])).toBe('No dead letters.');
  });

  it('fits into 80 columns', () => {
    const id = '01a223f5-8a1e-7041-9d6d-27aee0d231f9';
    const type = 'CancellationRequested';
    const resolved = { status: 'discarded', handledAt: 'T', handledBy: 'grace' } as const;
    const letters = [letter, { ...letter, ...resolved }];
    const text = deadLettersTable(
      letters.map((each) => ({ ...each, app: 'invoices', id, key: id, type })),
    );
    const widths = stripVTControlCharacters(text)
      .split('\n')
      .map((line) => line.length);
    expect(Math.max(...widths)).toBeLessThanOrEqual(80);
  });

  it('shows control characters of its content instead of sending them to the terminal', () => {
    const text = deadLetterText(letter);
    expect(text).toContain('a·b·[8mc\nd');
    expect(stripVTControlCharacters(text)).toMatch(/record +things\.v1, partition 2, offset 7/);
  });

  it('shows who resolved it', () => {
    const resolved = {
      ...letter,
      status: 'discarded',
      handledAt: 'T',
      handledBy: 'grace',
    } as const;
    expect(stripVTControlCharacters(deadLetterText(resolved))).toMatch(
      /status +discarded T by grace/,
    );
  });
});
