import { describe, expect, it } from 'vitest';
import { readSpans } from './otlp.ts';
import { NOON_MS, otlpRequest, otlpSpan, span, spanId, traceId } from './testing/spans.ts';

const read = (body: unknown) => readSpans(body, NOON_MS);
const attribute = (value: object) => {
  const attributes = [{ key: 'it', value }];
  return read(otlpRequest([otlpSpan(1, { attributes })])).spans[0]!.attributes['it'];
};

describe('a request of OTLP', () => {
  it('becomes spans', () => {
    const given = otlpSpan(2, {
      traceId: traceId(10).toUpperCase(),
      parentSpanId: spanId(1),
      name: 'GET /products',
      kind: 2,
      attributes: [{ key: 'http.route', value: { stringValue: '/products' } }],
      events: [{ name: 'exception', timeUnixNano: '1795953601005000000', attributes: [] }],
      links: [{ traceId: traceId(7), spanId: spanId(8), attributes: [] }],
      status: { code: 2, message: 'boo' },
      flags: 257,
    });
    expect(read(otlpRequest([given]))).toEqual({
      rejected: 0,
      spans: [
        span(2, {
          traceId: traceId(10),
          parentId: spanId(1),
          name: 'GET /products',
          kind: 'server',
          attributes: { 'http.route': '/products' },
          events: [{ name: 'exception', timeUs: 1_795_953_601_005_000, attributes: {} }],
          links: [{ traceId: traceId(7), spanId: spanId(8) }],
          error: true,
          statusMessage: 'boo',
        }),
      ],
    });
  });

  it.each<[object, unknown]>([
    [{ stringValue: 'text' }, 'text'],
    [{ stringValue: '' }, ''],
    [{ boolValue: false }, false],
    [{ intValue: 7 }, 7],
    [{ intValue: '7' }, 7],
    [{ intValue: '9223372036854775807' }, '9223372036854775807'],
    [{ doubleValue: 1.5 }, 1.5],
    [{ arrayValue: { values: [{ stringValue: 'a' }, { intValue: '2' }] } }, '["a",2]'],
    [{ kvlistValue: { values: [] } }, '{"kvlistValue":{"values":[]}}'],
    [{}, '{}'],
  ])('has the attribute %j as %j', (value, expected) => expect(attribute(value)).toBe(expected));

  it.each<[string, object]>([
    ['no trace id', { traceId: undefined }],
    ['a short trace id', { traceId: 'abc' }],
    ['a trace id of zeros', { traceId: '0'.repeat(32) }],
    ['a span id that is not hexadecimal', { spanId: 'x'.repeat(16) }],
    ['no time', { startTimeUnixNano: undefined }],
    ['a time that is not a number', { startTimeUnixNano: 'noon' }],
    ['a clock of 1970', { startTimeUnixNano: '1', endTimeUnixNano: '2' }],
    ['attributes that are not a list', { attributes: { a: 1 } }],
  ])('loses a span with %s, and no other', (_what, fault) => {
    const { spans, rejected } = read(otlpRequest([otlpSpan(1), otlpSpan(2, fault), otlpSpan(3)]));
    expect(spans.map((each) => each.spanId)).toEqual([spanId(1), spanId(3)]);
    expect(rejected).toBe(1);
  });

  it.each([[null], [[]], ['text'], [7], [{ resourceSpans: {} }], [{ resourceSpans: [null] }]])(
    'is not %j',
    (body) => expect(() => read(body)).toThrow(),
  );

  it('may be empty', () => expect(read({})).toEqual({ spans: [], rejected: 0 }));

  it('is cut where it is too long', () => {
    const long = 'x'.repeat(100_000);
    const attributes = Array.from({ length: 1_000 }, (_, n) => ({
      key: `${n}`,
      value: { stringValue: long },
    }));
    const [one] = read(otlpRequest([otlpSpan(1, { name: long, attributes })], long)).spans;
    expect(JSON.stringify(one).length).toBeLessThan(300_000);
  });

  it('never ends before it starts', () => {
    const [one] = read(otlpRequest([otlpSpan(1, { endTimeUnixNano: '0' })])).spans;
    expect(one!.durationUs).toBe(0);
  });
});
