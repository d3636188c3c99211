import { stripVTControlCharacters } from 'node:util';
import type { TraceSpan } from '@fieldguide/platform-traces/trace-queries';
import { describe, expect, it } from 'vitest';
import { tracesTable, traceTree } from './trace-tables.ts';

const summary = {
  traceId: '0af7651916cd43dd8448eb211c80319c',
  name: 'POST /letters',
  app: 'front',
  startedAt: '2030-01-01T12:00:00.000Z',
  durationMs: 1_481.937,
  spans: 2,
  errors: 1,
  apps: ['alpha', 'front'],
};
const row = (given: Partial<TraceSpan>): TraceSpan => ({
  ...{ spanId: 'b7ad6b7169203331', parentId: null, depth: 0, app: 'front', instance: null },
  ...{ kind: 'server', name: 'POST /letters', startMs: 0, durationMs: 43.457, error: false },
  ...{ statusMessage: null, attributes: {}, events: [], links: [] },
  ...given,
});

describe('traces on the screen', () => {
  it('are rows of at most 80 columns, each with its root and its apps below it', () => {
    const text = stripVTControlCharacters(tracesTable([summary]));
    expect(text).toMatch(
      /80319c +\d\d:00:00 +1482 ms +2 +1\n +front POST \/letters; alpha, front$/,
    );
    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
    expect(tracesTable([])).toBe('No traces.');
  });
});

describe('a trace on the screen', () => {
  it('is a tree that shows errors and gaps, and does not control the terminal', () => {
    const given = { depth: 1, app: 'alpha', kind: 'internal', name: 'seal\u001b[8m' } as const;
    const failed = row({ ...given, startMs: 3.2, error: true, statusMessage: 'no wax' });
    const text = traceTree({ ...summary, missingParents: 1, tree: [row({}), failed] });
    expect(stripVTControlCharacters(text).split('\n')).toEqual([
      `Trace ${summary.traceId}: 2 spans in 1482 ms; the parents of 1 spans are missing`,
      '',
      expect.stringMatching(/START +DURATION +SPAN/),
      expect.stringMatching(/ 0 ms +43.5 ms +front server POST \/letters$/),
      expect.stringMatching(/ 3 ms +43.5 ms +alpha seal·\[8m: error, no wax$/),
    ]);
  });
});
