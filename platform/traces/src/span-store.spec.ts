import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RETENTION_MS, SpanStore } from './span-store.ts';
import { NOON_MS, span, traceId } from './testing/spans.ts';
import { findTrace, listTraces, spansOf, TraceFilter } from './trace-queries.ts';

let folder: string;
let file: string;
let nowMs: number;
let store: SpanStore;
const openStore = (bytesMax?: number) =>
  new SpanStore({ file, now: () => nowMs, ...(bytesMax && { bytesMax }) });
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'traces-'));
  file = join(folder, 'traces', 'traces.db');
  nowMs = NOON_MS;
  store = openStore();
});
afterEach(() => {
  store.close();
  rmSync(folder, { recursive: true });
});

const traces = () => listTraces(store, TraceFilter.parse({ limit: 100 }));
const spans = (count: number, serial = 1) =>
  Array.from({ length: count }, (_, n) => span(n + 1, { traceId: traceId(serial) }));
const diskBytes = () =>
  readdirSync(join(folder, 'traces')).reduce(
    (sum, name) => sum + statSync(join(folder, 'traces', name)).size,
    0,
  );

describe('the store', () => {
  it('returns what was stored', () => {
    const given = span(1, {
      parentId: '00000000000000ff',
      kind: 'consumer',
      error: true,
      statusMessage: 'boo',
      attributes: { topic: 'alpha.alpha.v1', count: 2, isLast: true },
      events: [{ name: 'retry', timeUs: 5, attributes: { attempt: 1 } }],
      links: [{ traceId: traceId(2), spanId: '00000000000000aa' }],
    });
    store.add([given]);
    expect(spansOf(store, traceId(1))).toEqual([given]);
  });

  it('stores a span once, however often it is delivered', () => {
    store.add([span(1), span(1)]);
    store.add([span(1), span(2, { error: true })]);
    store.add([span(2, { error: true })]);
    expect(traces()).toMatchObject([{ spans: 2, errors: 1 }]);
    const counted = store.database.prepare('SELECT spans, errors FROM traces').get();
    expect({ ...counted }).toEqual({ spans: 2, errors: 1 });
  });

  it('holds a trace of 2,000 spans, in any order', () => {
    const chain = Array.from({ length: 2_000 }, (_, n) =>
      span(n + 1, {
        parentId: n === 0 ? null : span(n).spanId,
        startUs: span(1).startUs + n,
      }),
    );
    for (let from = 2_000; from > 0; from -= 500) store.add(chain.slice(from - 500, from));
    const { tree, missingParents } = findTrace(store, traceId(1))!;
    expect(missingParents).toBe(0);
    expect(tree.map(({ depth }) => depth)).toEqual(chain.map((_, n) => n));
  });

  it('limits the spans of one trace, and counts the surplus', () => {
    expect(store.add(spans(9_000))).toEqual({ rejected: 0 });
    const more = spans(12_000).slice(9_000);
    expect(store.add([...more, ...spans(1, 2)])).toEqual({ rejected: 2_000 });
    expect(traces().map((each) => each.spans)).toEqual(expect.arrayContaining([10_000, 1]));
  });

  it('keeps its traces over a restart', () => {
    store.add(spans(3));
    store.close();
    store = openStore();
    expect(traces()).toHaveLength(1);
  });

  it('is empty after it was cleared, and usable', () => {
    store.add(spans(3));
    store.clear();
    expect(traces()).toEqual([]);
    store.add(spans(1));
    expect(traces()).toHaveLength(1);
  });
});

describe('retention', () => {
  const expire = () => {
    let deleted = 0;
    for (let step = store.expire(); step > 0; step = store.expire()) deleted += step;
    return deleted;
  };

  it('deletes traces that were not extended for 15 minutes', () => {
    for (let serial = 1; serial <= 120; serial++) store.add(spans(2, serial));
    nowMs += RETENTION_MS;
    expect(expire()).toBe(0);
    store.add([span(3, { traceId: traceId(7) })]);
    nowMs += 1;
    expect(expire()).toBe(119);
    expect(traces()).toMatchObject([{ traceId: traceId(7), spans: 3 }]);
    const { left } = store.database.prepare('SELECT count(*) AS left FROM spans').get()!;
    expect(left).toBe(3);
  });

  it('deletes in small steps', () => {
    for (let serial = 1; serial <= 120; serial++) store.add(spans(1, serial));
    nowMs += RETENTION_MS + 1;
    expect([store.expire(), store.expire(), store.expire(), store.expire()]).toEqual([
      50, 50, 20, 0,
    ]);
  });

  it('bounds the size, and deletes the oldest traces', () => {
    store = openStore(2_000_000);
    const attributes = { text: 'x'.repeat(1_000) };
    for (let serial = 1; serial <= 200; serial++) {
      nowMs += 1;
      store.add(spans(50, serial).map((each) => ({ ...each, attributes })));
      expect(store.bytes()).toBeLessThanOrEqual(2_000_000);
    }
    const left = traces().map((each) => each.traceId);
    expect(left.length).toBeGreaterThan(10);
    expect(left).toContain(traceId(200));
    expect(left.toSorted().at(0)).toBe(traceId(201 - left.length));
    expect(diskBytes()).toBeLessThan(2_000_000 + 10_000_000);
  });
});

describe('a store that fails', () => {
  it('replaces a damaged file', () => {
    mkdirSync(join(folder, 'traces'));
    writeFileSync(file, 'x'.repeat(10_000));
    store.add(spans(2));
    expect(traces()).toMatchObject([{ spans: 2 }]);
  });

  it('replaces a file that another version has written', () => {
    store.database.exec('DROP TABLE spans; CREATE TABLE spans (trace_id TEXT, app TEXT, start_us)');
    store.close();
    store.add(spans(2));
    expect(traces()).toMatchObject([{ spans: 2 }]);
  });

  it('loses a batch on a full disk, and stores the next one when there is space', () => {
    store.add(spans(1));
    store.database.exec('PRAGMA max_page_count = 1'); // SQLite takes the present size instead
    const attributes = { text: 'x'.repeat(2_000) };
    const batch = spans(500, 2).map((each) => ({ ...each, attributes }));
    expect(() => store.add(batch)).toThrow(/full/);
    expect(traces().map((each) => each.traceId)).toEqual([traceId(1)]);
    store.add(batch); // opened again, without that limit
    expect(traces()).toHaveLength(2);
  });

  it('tries again after ten seconds when its folder cannot be used', () => {
    writeFileSync(join(folder, 'traces'), 'a file, where the folder should be');
    expect(() => store.add(spans(1))).toThrow();
    rmSync(join(folder, 'traces'));
    expect(() => store.add(spans(1))).toThrow(/cannot be opened/);
    nowMs += 10_000;
    store.add(spans(1));
    expect(traces()).toHaveLength(1);
  });
});
