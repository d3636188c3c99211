import { expect, it } from 'vitest';
import { findWords, insteadOf } from './prose.ts';

const wordsIn = (text: string) => findWords('a.ts', text).map(({ word }) => word);

it('finds a word in prose, whatever its case, with its line', () => {
  expect(findWords('a.md', 'fine\nNobody reads this.')).toEqual([
    { file: 'a.md', line: 2, word: 'nobody', text: 'Nobody reads this.' },
  ]);
});

it('finds words inside identifiers', () => {
  expect(wordsIn('sayDispatched(WISH_AT)')).toEqual(['say', 'wish']);
});

it('passes words that only begin like one of the list', () => {
  expect(wordsIn('task, factory, voiced, telltale, hearth')).toEqual([]);
});

it('suggests a term for each word', () => {
  expect(insteadOf('nobody')).toBe('name the actor');
});

it('passes names that are stored or sent', () => {
  expect(wordsIn("UNDO_DEADLINE_MS, 'undoing', appends_held_up_total")).toEqual([]);
  expect(findWords('apps/ordering/src/a.ts', '{ undo }')).toEqual([]);
  expect(wordsIn('undo it')).toEqual(['undo']);
});
