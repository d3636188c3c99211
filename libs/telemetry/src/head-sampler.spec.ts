import { ROOT_CONTEXT, SpanKind, TraceFlags, trace } from '@opentelemetry/api';
import { SamplingDecision } from '@opentelemetry/sdk-trace';
import { describe, expect, it } from 'vitest';
import { headSampler } from './head-sampler.ts';

const rates = { TRACE_WRITES_PER_SECOND: 2, TRACE_READ_RATIO: 0.05 };
let now = 0;
const sampler = () => headSampler(rates, () => now);
const decide = (
  from: ReturnType<typeof sampler>,
  name: string,
  traceId = '0'.repeat(31).concat('1'),
  kind = SpanKind.SERVER,
  context = ROOT_CONTEXT,
) => {
  const attributes = { 'http.request.method': name.split(' ')[0]! };
  return from.shouldSample(context, traceId, name, kind, attributes, []).decision;
};
const { RECORD_AND_SAMPLED, RECORD, NOT_RECORD } = SamplingDecision;

describe('a trace that begins here', () => {
  it('with a write is recorded up to the rate, for each route', () => {
    const own = sampler();
    const orders = () => decide(own, 'POST /orders');
    expect([orders(), orders(), orders()]).toEqual([
      RECORD_AND_SAMPLED,
      RECORD_AND_SAMPLED,
      RECORD,
    ]);
    expect(decide(own, 'POST /auth/tokens')).toBe(RECORD_AND_SAMPLED);
    now += 1_000;
    expect(orders()).toBe(RECORD_AND_SAMPLED);
  });

  it.each(['GET', 'HEAD'])('with %s is recorded for one trace id in twenty', (method) => {
    const ids = Array.from({ length: 1_000 }, (_, n) =>
      Math.ceil((n / 1_000) * 2 ** 32)
        .toString(16)
        .padStart(8, '0')
        .padEnd(32, '1'),
    );
    const own = sampler();
    const recorded = ids.filter((id) => decide(own, `${method} /x`, id) === RECORD_AND_SAMPLED);
    expect(recorded).toHaveLength(50);
  });

  it('without a request is not recorded', () => {
    expect(decide(sampler(), 'POST', undefined, SpanKind.INTERNAL)).toBe(NOT_RECORD);
  });
});

describe('a trace that began elsewhere', () => {
  const parent = (traceFlags: TraceFlags, isRemote: boolean) =>
    trace.setSpanContext(ROOT_CONTEXT, {
      traceId: 'a'.repeat(32),
      spanId: 'b'.repeat(16),
      traceFlags,
      isRemote,
    });

  it('follows the decision that was made there', () => {
    const own = sampler();
    for (let n = 0; n < 5; n++)
      expect(decide(own, 'POST /orders', undefined, SpanKind.SERVER, parent(1, true))).toBe(
        RECORD_AND_SAMPLED,
      );
    expect(decide(own, 'POST /orders', undefined, SpanKind.SERVER, parent(0, true))).toBe(RECORD);
    const inner = (isRemote: boolean) =>
      decide(own, 'send', undefined, SpanKind.PRODUCER, parent(0, isRemote));
    expect([inner(true), inner(false)]).toEqual([NOT_RECORD, NOT_RECORD]);
  });
});
