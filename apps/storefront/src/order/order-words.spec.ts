import { globSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { compensationWords, isSettled, sincePlaced } from './order-progress.ts';
import { eventHandlers, eventWords } from './order-words.ts';

it('has words for each type of event that ordering stores', () => {
  const stored = new URL('../../../ordering/src/order/stored/', import.meta.url);
  const types = new Set(readdirSync(stored).map((file) => file.split('.')[0]!));
  expect(Object.keys(eventWords).toSorted()).toEqual([...types].toSorted());
});

it('names the source file of each handler of an event, and no other', () => {
  const cwd = fileURLToPath(new URL('../../../../', import.meta.url));
  const files = globSync('apps/*/src/**/*.ts', { cwd, exclude: (name) => /\.spec\./.test(name) });
  const inSources = files.flatMap((path) => {
    const text = readFileSync(`${cwd}/${path}`, 'utf8');
    const own = [...text.matchAll(/const (\w+) = consumes\(\s*(\w+)/g)];
    const types = new Map(own.map(([, name, type]) => [name!, type!]));
    const handled = [...text.matchAll(/@OnMessage\((\w+)/g)].map(([, name]) => name!);
    return handled
      .map((name) => [types.get(name) ?? name, path.replaceAll('\\', '/')] as const)
      .filter(([type]) => type in eventWords);
  });
  expect(Object.entries(eventHandlers).toSorted()).toEqual(inSources.toSorted());
});

describe('an order', () => {
  it.each([
    [['OrderPlaced', 'StockReserved', 'PaymentAuthorised'], false],
    [['OrderPlaced', 'StockRefused', 'OrderRejected'], true],
    [['OrderPlaced', 'StockReserved', 'PaymentDeclined', 'OrderRejected'], false],
    [['OrderPlaced', 'StockReserved', 'PaymentDeclined', 'OrderRejected', 'StockReleased'], true],
    [['StockReserved', 'PaymentAuthorised', 'OrderCancelled', 'StockReleased'], false],
    [
      ['StockReserved', 'PaymentAuthorised', 'OrderCancelled', 'StockReleased', 'PaymentVoided'],
      true,
    ],
    [['OrderPlaced', 'PaymentCaptured', 'OrderCompleted'], true],
  ])('after %j is settled: %s', (types, settled) => expect(isSettled(types)).toBe(settled));

  it('lists what was reverted', () => {
    expect(compensationWords(['StockReleased', 'PaymentVoided'])).toBe(
      'What was reverted: the goods are back on the shelf, and the payment is void.',
    );
    expect(compensationWords(['StockRefused', 'OrderRejected'])).toBe('Nothing was charged.');
  });
  it.each([
    ['12:00:01.230', '+1.2 s'],
    ['11:59:59.000', '+0.0 s'],
    ['12:02:05.000', '+2 min'],
    ['15:10:00.000', '+3 h'],
  ])('shows %s as %s after 12:00', (time, words) =>
    expect(sincePlaced('2030-01-01T12:00:00.000Z', `2030-01-01T${time}Z`)).toBe(words),
  );
});
