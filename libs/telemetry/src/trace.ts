import {
  type Attributes,
  context,
  propagation,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { AlwaysOffSampler, BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';

/** Headers or envelope extensions that carry `traceparent` from one process to the next. */
export type TraceCarrier = Record<string, unknown>;

/**
 * Assigns a trace id to every request and message. Spans are recorded and exported only when an OTLP endpoint is set;
 * otherwise the sampler is off, and only the id is propagated and logged.
 * Spans are created explicitly because a bundle hides modules from automatic instrumentation.
 * @returns a function that flushes and stops the exporter
 */
export async function startTracing(otlpEndpoint?: string): Promise<() => Promise<void>> {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  const provider = otlpEndpoint
    ? new TracerProvider({ spanProcessors: [await exporterTo(otlpEndpoint)] })
    : new TracerProvider({ sampler: new AlwaysOffSampler() });
  trace.setGlobalTracerProvider(provider);
  return () => provider.shutdown();
}

async function exporterTo(endpoint: string) {
  const { OTLPTraceExporter } = await import('@opentelemetry/exporter-trace-otlp-http');
  return new BatchSpanProcessor({
    exporter: new OTLPTraceExporter({ url: `${endpoint}/v1/traces` }),
  });
}

const kinds = {
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  publish: SpanKind.PRODUCER,
  handle: SpanKind.CONSUMER,
  work: SpanKind.INTERNAL,
};

/** Runs `work` in a child span of the current one, or of the one in `from`. */
export function inSpan<T>(
  kind: keyof typeof kinds,
  name: string,
  attributes: Attributes,
  work: (span: Span) => Promise<T>,
  from?: TraceCarrier,
): Promise<T> {
  const parent = from ? traceFrom(from) : context.active();
  return trace
    .getTracer('telemetry')
    .startActiveSpan(name, { kind: kinds[kind], attributes }, parent, async (span) => {
      try {
        return await work(span);
      } catch (error) {
        span.recordException(error as Error);
        span.setStatus({ code: SpanStatusCode.ERROR });
        throw error;
      } finally {
        span.end();
      }
    });
}

/** Extracts the trace context of a message or request. */
export function traceFrom(carrier: TraceCarrier) {
  return propagation.extract(context.active(), carrier);
}

/** Adds `traceparent` of the current span to a carrier, and returns it. */
export function traceInto<Carrier extends TraceCarrier>(
  carrier: Carrier,
): Carrier & { traceparent?: string } {
  propagation.inject(context.active(), carrier);
  return carrier;
}
