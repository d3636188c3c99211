import { expect, it } from 'vitest';
import { z } from 'zod';
import { LastAnswers } from './last-answers.ts';
import { StoredValue } from './stored-value.ts';
import { memoryStorage } from './testing/memory-storage.ts';

const Names = z.array(z.string());
const noon = Date.parse('2030-01-01T12:00:00Z');

it('keeps the last good answer with its time, over a reload if it is public', () => {
  const storage = memoryStorage();
  const tab = new LastAnswers(storage, () => noon);
  tab.put('products', ['Tent'], true);
  tab.put('orders', ['1'], false);
  const later = new LastAnswers(storage, () => noon + 60_000);
  expect(later.get('products', Names)).toEqual({ value: ['Tent'], asOfMs: noon });
  expect(later.get('orders')).toBeUndefined();
  expect(tab.get('orders')).toEqual({ value: ['1'], asOfMs: noon });
});
it('forgets what belongs to a customer', () => {
  const tab = new LastAnswers(memoryStorage(), () => noon);
  tab.put('orders', ['1'], false);
  tab.forgetPrivate();
  expect(tab.get('orders')).toBeUndefined();
});
it('ignores what another version of the shop has stored', () => {
  const storage = memoryStorage();
  storage.setItem('fieldguide.last.products', '{"value":7,"asOfMs":0}');
  expect(new LastAnswers(storage, () => noon).get('products', Names)).toBeUndefined();
});
it('keeps answers in memory when the storage is full', () => {
  const full = {
    ...memoryStorage(),
    setItem: () => {
      throw new Error('full');
    },
  };
  const tab = new LastAnswers(full, () => noon);
  tab.put('products', ['Tent'], true);
  expect(tab.get('products', Names)?.value).toEqual(['Tent']);
});

it('shares a stored value between tabs, without losing the change of another', () => {
  const storage = memoryStorage();
  const none: string[] = [];
  const tab = () => new StoredValue(storage, 'names', Names, none);
  const [one, other] = [tab(), tab()];
  one.update((names) => [...names, 'Tent']);
  other.update((names) => [...names, 'Boot']);
  one.onStorageChange();
  expect(one.value).toEqual(['Tent', 'Boot']);
  storage.setItem('names', 'garbage');
  expect(tab().value).toEqual([]);
});
