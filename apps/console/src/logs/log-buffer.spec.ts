import { describe, expect, it } from 'vitest';
import { LINES_MAX, LogBuffer, type LogFilter, type LogLine } from './log-buffer.ts';

const everything: LogFilter = { app: '', level: '', text: '', trace: '', order: '' };
const line = (n: number, more: Partial<LogLine> = {}): LogLine => ({
  source: 'shelf-1',
  time: '2030-01-01T12:00:00.000Z',
  level: 'info',
  msg: `line ${n}`,
  ...more,
});
const lines = (count: number) => Array.from({ length: count }, (_, n) => line(n));

describe('the log buffer', () => {
  it('keeps the newest lines, counts the dropped ones, and stays bounded at any burst', () => {
    const buffer = new LogBuffer();
    buffer.add(lines(LINES_MAX - 1));
    buffer.add([line(1), line(2)]);
    expect(buffer.matching(everything)).toHaveLength(LINES_MAX);
    expect(buffer.dropped).toBe(1);
    buffer.add(lines(3 * LINES_MAX));
    const kept = buffer.matching(everything);
    expect(kept).toHaveLength(LINES_MAX);
    expect(kept.at(-1)?.msg).toBe(`line ${3 * LINES_MAX - 1}`);
  });

  it('returns only lines after an id, also when that one was dropped', () => {
    const buffer = new LogBuffer();
    buffer.add(lines(3));
    expect(buffer.matching(everything, 2).map(({ msg }) => msg)).toEqual(['line 2']);
    buffer.add(lines(LINES_MAX + 5));
    expect(buffer.matching(everything, 2)).toHaveLength(LINES_MAX);
  });

  it.each<[string, Partial<LogFilter>, string[]]>([
    ['an app, whatever its instance', { app: 'shelf' }, ['line 1', 'line 2', 'late']],
    ['no app with the same prefix', { app: 'shelf-life' }, ['other']],
    ['a level and the more severe ones', { level: 'warn' }, ['late']],
    ['a text in message or fields, in any case', { text: 'ORDER-7' }, ['late']],
    ['a trace', { trace: 'abc1' }, ['line 2']],
    ['text and app together', { text: 'line', app: 'shelf' }, ['line 1', 'line 2']],
  ])('filters by %s', (_what, filter, found) => {
    const buffer = new LogBuffer();
    buffer.add([
      line(1),
      line(2, { trace_id: 'abc123' }),
      line(3, { level: 'error', msg: 'late', orderId: 'order-7' }),
      line(4, { source: 'shelf-life-2', msg: 'other' }),
    ]);
    expect(buffer.matching({ ...everything, ...filter }).map(({ msg }) => msg)).toEqual(found);
  });
});
