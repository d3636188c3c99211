import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { listEdges } from './edges.ts';
import { SpanStore } from './span-store.ts';
import { NOON_MS, span, spanId, traceId } from './testing/spans.ts';
import { zipkinDependencies } from './zipkin.ts';

let store: SpanStore;
beforeEach(() => {
  store = new SpanStore({ file: ':memory:', now: () => NOON_MS });
});
afterEach(() => store.close());

const edges = () => listEdges(store, { fromMs: NOON_MS, toMs: NOON_MS + 60_000 });
const http = { via: 'http', topic: null };

describe('the edges', () => {
  it('lead from the client to the server, with the time of the client', () => {
    store.add([
      span(1, { app: 'front', kind: 'server' }),
      span(2, { app: 'front', kind: 'client', parentId: spanId(1), durationUs: 20_000 }),
      span(3, { app: 'alpha', kind: 'server', parentId: spanId(2), durationUs: 15_000 }),
    ]);
    const one = { calls: 1, errors: 0 };
    expect(edges()).toEqual([
      { from: null, to: 'front', ...http, ...one, p50Ms: 10, p95Ms: 10 },
      { from: 'front', to: 'alpha', ...http, ...one, p50Ms: 20, p95Ms: 20 },
    ]);
  });

  it('lead to the peer that a client names when it has no span', () => {
    const attributes = { 'server.service.name': 'outside' };
    store.add([span(1, { kind: 'client', attributes, error: true })]);
    expect(edges()).toMatchObject([{ from: 'alpha', to: 'outside', calls: 1, errors: 1 }]);
  });

  it('lead to no database', () => {
    const attributes = { 'db.system.name': 'postgresql', 'server.address': '127.0.0.1' };
    store.add([span(1, { kind: 'client', attributes })]);
    expect(edges()).toEqual([]);
  });

  it('lead over topics, by parent or by link', () => {
    const attributes = { 'messaging.destination.name': 'alpha.alpha.v1' };
    store.add([
      span(1, { kind: 'producer' }),
      span(2, { app: 'beta', kind: 'consumer', parentId: spanId(1), attributes }),
      span(3, {
        traceId: traceId(2),
        app: 'beta',
        kind: 'consumer',
        attributes,
        error: true,
        links: [{ traceId: traceId(1), spanId: spanId(1) }],
      }),
      span(4, { app: 'beta', kind: 'consumer', attributes }),
    ]);
    const topic = { to: 'beta', via: 'topic', topic: 'alpha.alpha.v1' };
    expect(edges()).toMatchObject([
      { from: 'alpha', ...topic, calls: 2, errors: 1 },
      { from: null, ...topic, calls: 1, errors: 0 },
    ]);
  });

  it('count an error of either side once', () => {
    store.add([
      span(1, { app: 'front', kind: 'client', error: true }),
      span(2, { app: 'alpha', kind: 'server', parentId: spanId(1), error: true }),
      span(3, { app: 'front', kind: 'client' }),
      span(4, { app: 'alpha', kind: 'server', parentId: spanId(3), error: true }),
    ]);
    expect(edges()).toMatchObject([{ calls: 2, errors: 2 }]);
  });

  it('have percentiles by nearest rank', () => {
    const calls = Array.from({ length: 100 }, (_, n) =>
      span(n + 1, {
        kind: 'client',
        durationUs: (n + 1) * 1_000,
        attributes: { 'server.service.name': 'beta' },
      }),
    );
    store.add(calls);
    expect(edges()).toMatchObject([{ calls: 100, p50Ms: 50, p95Ms: 95 }]);
  });

  it('are those of the period', () => {
    const at = (ms: number) => ({ kind: 'server', startUs: (NOON_MS + ms) * 1_000 }) as const;
    store.add([span(1, at(-1)), span(2, at(0)), span(3, at(60_000)), span(4, at(60_001))]);
    expect(edges()).toMatchObject([{ calls: 2 }]);
  });

  it('become the dependencies of Zipkin', () => {
    store.add([
      span(1, { app: 'front', kind: 'server' }),
      span(2, { app: 'front', kind: 'client', parentId: spanId(1) }),
      span(3, { app: 'alpha', kind: 'server', parentId: spanId(2) }),
      span(4, { app: 'front', kind: 'producer', parentId: spanId(1) }),
      span(5, { app: 'alpha', kind: 'consumer', parentId: spanId(4), error: true }),
    ]);
    const period = { endTs: NOON_MS + 60_000, lookback: 60_000 };
    expect(zipkinDependencies(store, period)).toEqual([
      { parent: 'front', child: 'alpha', callCount: 2, errorCount: 1 },
    ]);
  });
});
