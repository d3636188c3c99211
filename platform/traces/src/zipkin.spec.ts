import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SpanStore } from './span-store.ts';
import { NOON_MS, span, spanId, traceId } from './testing/spans.ts';
import {
  ZipkinQuery,
  zipkinAutocomplete,
  zipkinNames,
  zipkinSpanOf,
  zipkinTrace,
  zipkinTraces,
} from './zipkin.ts';

describe('a span of Zipkin', () => {
  it('has the fields that Lens reads', () => {
    const given = span(2, {
      parentId: spanId(1),
      kind: 'client',
      name: 'alpha /things',
      attributes: {
        'server.service.name': 'beta',
        'http.response.status_code': 200,
        cached: false,
      },
      events: [{ name: 'retry', timeUs: 7, attributes: { attempt: 1 } }],
      links: [{ traceId: traceId(5), spanId: spanId(6) }],
    });
    expect(zipkinSpanOf(given)).toEqual({
      traceId: traceId(1),
      id: spanId(2),
      parentId: spanId(1),
      kind: 'CLIENT',
      name: 'alpha /things',
      timestamp: (NOON_MS + 1_000) * 1_000,
      duration: 10_000,
      localEndpoint: { serviceName: 'alpha' },
      remoteEndpoint: { serviceName: 'beta' },
      annotations: [{ timestamp: 7, value: 'retry: {"attempt":1}' }],
      tags: {
        'server.service.name': 'beta',
        'http.response.status_code': '200',
        cached: 'false',
        'service.instance.id': 'alpha-1-1',
        'link.0': `${traceId(5)}/${spanId(6)}`,
      },
    });
  });

  it('has neither parent nor kind when it is an internal root, and lasts at least 1 µs', () => {
    const made = zipkinSpanOf(span(1, { durationUs: 0 }));
    expect(made).not.toHaveProperty('parentId');
    expect(made).not.toHaveProperty('kind');
    expect(made.duration).toBe(1);
  });

  it('has its topic as a tag, and not as a service', () => {
    const attributes = { 'messaging.destination.name': 'alpha.alpha.v1' };
    const made = zipkinSpanOf(span(1, { kind: 'producer', attributes }));
    expect(made).toMatchObject({ kind: 'PRODUCER', tags: attributes });
    expect(made).not.toHaveProperty('remoteEndpoint');
  });

  it.each([
    ['its message', { statusMessage: 'boo' }, 'boo'],
    [
      'its exception',
      { events: [{ name: 'exception', timeUs: 1, attributes: { 'exception.message': 'oh' } }] },
      'oh',
    ],
    ['nothing more', {}, 'true'],
  ])('is an error with %s', (_what, given, error) =>
    expect(zipkinSpanOf(span(1, { error: true, ...given })).tags).toMatchObject({
      error,
      'otel.status_code': 'ERROR',
    }),
  );
});

describe('a query of Zipkin', () => {
  let store: SpanStore;
  beforeEach(() => {
    store = new SpanStore({ file: ':memory:', now: () => NOON_MS });
    const at = (serial: number) => ({
      traceId: traceId(serial),
      startUs: (NOON_MS + serial * 1_000) * 1_000,
    });
    store.add([
      span(1, { ...at(1), name: 'GET /a', attributes: { 'http.route': '/a', size: 5 } }),
      span(2, { ...at(2), name: 'GET /b', durationUs: 50_000, error: true }),
      span(3, {
        ...at(2),
        app: 'beta',
        kind: 'client',
        attributes: { 'server.service.name': 'front' },
      }),
      span(4, { ...at(3), events: [{ name: 'retry', timeUs: 1, attributes: {} }] }),
      span(5, { ...at(3), app: "o'hara", attributes: { 'messaging.destination.name': 't' } }),
    ]);
  });
  afterEach(() => store.close());

  const serials = (query: object) =>
    zipkinTraces(store, ZipkinQuery.parse(query), NOON_MS + 60_000).map(([first]) =>
      Number.parseInt(first!.traceId, 16),
    );

  it.each<[object, number[]]>([
    [{}, [3, 2, 1]],
    [{ limit: '2' }, [3, 2]],
    [{ serviceName: 'beta' }, [2]],
    [{ serviceName: "o'hara" }, [3]],
    [{ serviceName: 'unknown' }, []],
    [{ serviceName: 'alpha', spanName: 'GET /b' }, [2]],
    [{ serviceName: 'beta', spanName: 'GET /b' }, []],
    [{ serviceName: 'beta', remoteServiceName: 'front' }, [2]],
    [{ remoteServiceName: 't' }, []],
    [{ minDuration: '20000' }, [2]],
    [{ maxDuration: '20000' }, [3, 2, 1]],
    [{ serviceName: 'alpha', maxDuration: '20000' }, [3, 1]],
    [{ annotationQuery: 'error' }, [2]],
    [{ annotationQuery: 'http.route' }, [1]],
    [{ annotationQuery: 'http.route=/a and size=5' }, [1]],
    [{ annotationQuery: 'http.route=/a and error' }, []],
    [{ annotationQuery: 'retry' }, [3]],
    [{ annotationQuery: "x'; DROP TABLE spans; --" }, []],
    [{ serviceName: 'beta', annotationQuery: 'error' }, []],
    [{ endTs: String(NOON_MS + 2_000) }, [2, 1]],
    [{ endTs: String(NOON_MS + 2_000), lookback: '0' }, [2]],
  ])('%j finds the traces %j', (query, expected) => expect(serials(query)).toEqual(expected));

  it('finds names', () => {
    expect(zipkinNames.services(store)).toEqual(['alpha', 'beta', "o'hara"]);
    expect(zipkinNames.spans(store, 'alpha')).toEqual(['GET /a', 'GET /b', 'work']);
    expect(zipkinNames.remoteServices(store, 'beta')).toEqual(['front']);
    expect(zipkinNames.remoteServices(store, 'alpha')).toEqual([]);
  });

  it('finds tags', () => {
    const keys = ['http.route', 'messaging.destination.name', 'server.service.name', 'size'];
    expect(zipkinAutocomplete.keys(store)).toEqual(keys);
    expect(zipkinAutocomplete.values(store, 'size')).toEqual(['5']);
  });

  it('finds a trace by its id, also without leading zeros', () => {
    expect(zipkinTrace(store, '2')?.map(({ id }) => id)).toEqual([spanId(2), spanId(3)]);
    expect(zipkinTrace(store, traceId(9))).toBeUndefined();
  });
});
