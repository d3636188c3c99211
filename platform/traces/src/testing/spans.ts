import type { Span } from '../span.ts';

/** 2026-11-29T12:00:00Z */
export const NOON_MS = Date.UTC(2026, 10, 29, 12);

export const traceId = (serial: number) => serial.toString(16).padStart(32, '0');
export const spanId = (serial: number) => serial.toString(16).padStart(16, '0');

/** Returns the span `serial` of the trace 1: a second after noon, 10 ms long. */
export function span(serial: number, given: Partial<Span> = {}): Span {
  return {
    traceId: traceId(1),
    spanId: spanId(serial),
    parentId: null,
    app: 'alpha',
    instance: 'alpha-1-1',
    kind: 'internal',
    name: 'work',
    startUs: (NOON_MS + 1_000) * 1_000,
    durationUs: 10_000,
    error: false,
    statusMessage: null,
    attributes: {},
    events: [],
    links: [],
    ...given,
  };
}

/** Returns a span as an SDK sends it. */
export function otlpSpan(serial: number, given: object = {}) {
  return {
    traceId: traceId(1),
    spanId: spanId(serial),
    name: 'work',
    kind: 1,
    startTimeUnixNano: String((NOON_MS + 1_000) * 1e6),
    endTimeUnixNano: String((NOON_MS + 1_010) * 1e6),
    ...given,
  };
}

/** Returns a request of one app. */
export function otlpRequest(spans: readonly unknown[], app = 'alpha') {
  const attributes = [
    { key: 'service.name', value: { stringValue: app } },
    { key: 'service.instance.id', value: { stringValue: `${app}-1-1` } },
  ];
  return { resourceSpans: [{ resource: { attributes }, scopeSpans: [{ spans }] }] };
}
