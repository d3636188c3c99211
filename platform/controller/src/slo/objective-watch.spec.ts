import { describe, expect, it } from 'vitest';
import { readCounters } from './counters.ts';
import { ObjectiveWatch, type Source } from './objective-watch.ts';

const objective = {
  name: 'reading',
  summary: 'Pages are served within 250 ms.',
  app: 'library',
  histogram: 'http_seconds',
  where: { route: '/books|/books/:id' },
  ignored: { status: '499' },
  failed: { status: '5..' },
  withinSeconds: 0.25,
  target: 0.9,
};

/** Metrics of one route: `fast` of `count` requests took at most 250 ms. */
const series = (route: string, status: string, fast: number, count: number) => {
  const labels = `route="${route}",status="${status}"`;
  return `http_seconds_bucket{le="0.1",${labels}} 0
http_seconds_bucket{le="0.25",${labels}} ${fast}
http_seconds_bucket{le="+Inf",${labels}} ${count}
http_seconds_sum{${labels}} 1.5
http_seconds_count{${labels}} ${count}`;
};

describe('the counters of an objective', () => {
  it('take slow and failed events as bad, and ignore other routes and clients that left', () => {
    const text = [
      '# HELP http_seconds Time to respond',
      series('/books', '200', 7, 10),
      series('/books/:id', '404', 4, 4),
      series('/books/:id', '503', 2, 2),
      series('/books', '499', 0, 5),
      series('/books/:id/loans', '200', 0, 9),
      series('/booksellers', '200', 0, 9),
      'other_http_seconds_count{route="/books",status="200"} 100',
    ].join('\n');
    expect(readCounters(objective, text)).toEqual({ events: 16, errors: 5 });
  });

  it('are none without metrics', () => {
    expect(readCounters(objective, '')).toEqual({ events: 0, errors: 0 });
  });
});

describe('the state of objectives', () => {
  const MINUTE = 60_000;
  function watching() {
    const state = { atMs: Date.parse('2030-01-01T12:00:00Z'), metrics: new Map<string, string>() };
    const sources: Source[] = [{ app: 'library', name: 'library-1-1', url: 'http://library-1-1' }];
    const fetch = async (url: string) => {
      const text = state.metrics.get(new URL(url).hostname);
      return new Response(text ?? '', { status: text === undefined ? 503 : 200 });
    };
    const watch = new ObjectiveWatch(
      [objective],
      () => sources,
      { fetch },
      () => state.atMs,
    );
    const report = async (minutesLater = 0) => {
      state.atMs += minutesLater * MINUTE;
      return (await watch.report()).objectives[0]!;
    };
    const counts = (name: string, fast: number, count: number) =>
      state.metrics.set(name, series('/books', '200', fast, count));
    return { watch, sources, report, counts, metrics: state.metrics };
  }

  it('are unknown before the first event', async () => {
    const { report } = watching();
    expect(await report()).toMatchObject({ events: 0, ratio: null, budgetLeft: null });
    expect((await report()).burnRates).toEqual({ '5m': null, '1h': null });
  });

  it('show what is left of the budget, and below zero what is overspent', async () => {
    const { report, counts } = watching();
    counts('library-1-1', 95, 100);
    const half = await report();
    expect(half).toMatchObject({ events: 100, errors: 5, ratio: 0.95 });
    expect(half.budgetLeft).toBeCloseTo(0.5);
    counts('library-1-1', 80, 100);
    expect((await report()).budgetLeft).toBeCloseTo(-1);
  });

  it('burn in a short window while errors happen, and in a long one for longer', async () => {
    const { report, counts } = watching();
    counts('library-1-1', 100, 100);
    await report();
    counts('library-1-1', 150, 200); // 50 of 100 are bad: five times the budget of one in ten
    const during = await report(4);
    expect(during.burnRates['5m']).toBeCloseTo(5);
    expect(during.burnRates['1h']).toBeCloseTo(5);
    counts('library-1-1', 250, 300);
    const after = await report(6);
    expect(after.burnRates['5m']).toBeCloseTo(0);
    expect(after.burnRates['1h']).toBeCloseTo(2.5);
    const later = await report(90);
    expect(later.burnRates).toEqual({ '5m': null, '1h': null });
    expect(later).toMatchObject({ events: 300, errors: 50 });
  });

  it('count each event once when an instance is replaced, added, or does not answer', async () => {
    const { report, counts, sources, metrics } = watching();
    counts('library-1-1', 10, 10);
    await report();
    metrics.delete('library-1-1');
    expect(await report(1)).toMatchObject({ events: 10 });
    counts('library-1-1', 12, 12);
    expect(await report(1)).toMatchObject({ events: 12 });
    sources.splice(0, 1, { app: 'library', name: 'library-1-2', url: 'http://library-1-2' });
    sources.push({ app: 'other', name: 'other-1-3', url: 'http://other-1-3' });
    counts('library-1-2', 3, 3);
    counts('other-1-3', 50, 50);
    expect(await report(1)).toMatchObject({ events: 15 });
  });
});
