import { type Attributes, context, propagation, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  getBooleanFromEnv,
  getNumberFromEnv,
  getStringFromEnv,
  setGlobalErrorHandler,
  W3CTraceContextPropagator,
} from '@opentelemetry/core';
import {
  defaultResource,
  detectResources,
  envDetector,
  resourceFromAttributes,
} from '@opentelemetry/resources';
import { AlwaysOffSampler, BatchSpanProcessor, type SpanExporter } from '@opentelemetry/sdk-trace';
import { headSampler, type SamplingRates } from './head-sampler.ts';
import { SamplingTracers } from './sampling-tracer.ts';

export interface TracingSettings {
  /** Attributes of the process, such as `service.name`; `OTEL_RESOURCE_ATTRIBUTES` and `OTEL_SERVICE_NAME` win. */
  readonly resource?: Attributes;
  readonly rates?: SamplingRates;
  /** By default OTLP over HTTP, when an endpoint is set. */
  readonly exporter?: SpanExporter | undefined;
  /** Called when spans were lost, because the receiver did not take them. */
  readonly onLoss?: (error: unknown) => void;
}

const defaultRates: SamplingRates = { TRACE_WRITES_PER_SECOND: 20, TRACE_READ_RATIO: 0.05 };
const FLUSH_MS_MAX = 2_000;

/**
 * Assigns a trace id to every request and message. Spans are recorded and exported only when an OTLP endpoint is set;
 * otherwise the sampler is off, and only the id is propagated and logged. Export never blocks or fails a request: beyond a
 * bounded queue spans are dropped.
 * @returns a function that flushes and stops the exporter, within two seconds
 */
export async function startTracing({
  resource = {},
  rates = defaultRates,
  exporter,
  onLoss,
}: TracingSettings = {}): Promise<() => Promise<void>> {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  if (onLoss) setGlobalErrorHandler(onLoss);
  const target = exporter ?? (await otlpExporter());
  const provider = target
    ? new SamplingTracers(headSampler(rates), {
        resource: defaultResource()
          .merge(resourceFromAttributes(resource))
          .merge(detectResources({ detectors: [envDetector] })),
        spanProcessors: [batchProcessor(target)],
      })
    : new SamplingTracers(new AlwaysOffSampler(), {});
  trace.setGlobalTracerProvider(provider);
  return async () => {
    await inTime(provider.shutdown()).catch((error: unknown) => onLoss?.(error));
    for (const global of [trace, propagation, context]) global.disable();
  };
}

/** Loaded only when it is needed: the import costs start-up time. The exporter reads `OTEL_EXPORTER_OTLP_*` itself. */
async function otlpExporter(): Promise<SpanExporter | undefined> {
  const isWanted =
    !getBooleanFromEnv('OTEL_SDK_DISABLED') &&
    (getStringFromEnv('OTEL_EXPORTER_OTLP_ENDPOINT') ??
      getStringFromEnv('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'));
  if (!isWanted) return undefined;
  const { OTLPTraceExporter } = await import('@opentelemetry/exporter-trace-otlp-http');
  return new OTLPTraceExporter();
}

/** With the names and meanings of the specification; the defaults are shorter, for a receiver nearby. */
const batchProcessor = (exporter: SpanExporter) =>
  new BatchSpanProcessor({
    exporter,
    maxQueueSize: getNumberFromEnv('OTEL_BSP_MAX_QUEUE_SIZE') ?? 2_048,
    maxExportBatchSize: getNumberFromEnv('OTEL_BSP_MAX_EXPORT_BATCH_SIZE') ?? 512,
    scheduledDelayMillis: getNumberFromEnv('OTEL_BSP_SCHEDULE_DELAY') ?? 1_000,
    exportTimeoutMillis: getNumberFromEnv('OTEL_BSP_EXPORT_TIMEOUT') ?? 5_000,
  });

async function inTime(work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((_, reject) => {
    const message = `the receiver of traces did not respond within ${FLUSH_MS_MAX} ms`;
    timer = setTimeout(() => reject(new Error(message)), FLUSH_MS_MAX);
  });
  try {
    await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
