import { type ProxyTracerProvider, trace } from '@opentelemetry/api';
import { ExportResultCode } from '@opentelemetry/core';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import type { SamplingRates } from '../head-sampler.ts';
import type { SamplingTracers } from '../sampling-tracer.ts';
import { startTracing } from '../start-tracing.ts';

export { SpanKind, SpanStatusCode } from '@opentelemetry/api';

export interface RecordedTraces {
  /** The spans that were exported so far. */
  spans(): Promise<readonly ReadableSpan[]>;
  /** The exported spans with this name. */
  named(name: string): Promise<readonly ReadableSpan[]>;
  clear(): Promise<void>;
  stop(): Promise<void>;
}

const everything: SamplingRates = { TRACE_WRITES_PER_SECOND: 1_000, TRACE_READ_RATIO: 1 };

/** Records the traces of this process in memory, as a receiver would get them. By default all of them. */
export async function recordTraces(rates = everything): Promise<RecordedTraces> {
  let exported: ReadableSpan[] = [];
  const stop = await startTracing({
    resource: { 'service.name': 'test' },
    rates,
    exporter: {
      export: (spans, done) => {
        exported.push(...spans);
        done({ code: ExportResultCode.SUCCESS });
      },
      shutdown: async () => undefined,
    },
  });
  const spans = async () => {
    const global = trace.getTracerProvider() as ProxyTracerProvider;
    await (global.getDelegate() as SamplingTracers).forceFlush();
    return exported;
  };
  return {
    spans,
    named: async (name) => (await spans()).filter((each) => each.name === name),
    clear: async () => {
      await spans();
      exported = [];
    },
    stop,
  };
}
