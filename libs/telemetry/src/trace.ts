import {
  type Attributes,
  context,
  propagation,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import { errorType, safeError } from './error.ts';

/** Headers or envelope extensions that carry `traceparent` from one process to the next. */
export type TraceCarrier = Record<string, unknown>;

const kinds = {
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  publish: SpanKind.PRODUCER,
  handle: SpanKind.CONSUMER,
  work: SpanKind.INTERNAL,
};

export interface SpanOptions {
  readonly kind: keyof typeof kinds;
  /** Of few values: a pattern, never an id. */
  readonly name: string;
  readonly attributes?: Attributes;
  /** Carries the parent; by default the active span is the parent. */
  readonly from?: TraceCarrier | undefined;
  /** Without a carrier it begins a trace, whatever span is active. */
  readonly isRoot?: boolean;
  /** Carries a related span of another trace or branch. */
  readonly link?: TraceCarrier | undefined;
}

/** Starts a span that the caller ends with `endSpan`; `inSpan` does both. */
export function startSpan({ kind, name, attributes, from, link, isRoot }: SpanOptions): Span {
  const outer = isRoot ? ROOT_CONTEXT : context.active();
  const parent = from ? propagation.extract(outer, from) : outer;
  const linked = link && trace.getSpanContext(propagation.extract(ROOT_CONTEXT, link));
  const links = linked ? [{ context: linked }] : [];
  const options = { kind: kinds[kind], links, ...(attributes && { attributes }) };
  return trace.getTracer('@fieldguide/telemetry').startSpan(name, options, parent);
}

/** Why a span has failed; `type` is of few values: a status, a code, a class. */
export interface Failure {
  readonly type: string;
  readonly error?: unknown;
}

/** Ends a span; with a failure, marks it as failed, without values that the error may quote. */
export function endSpan(span: Span, failure?: Failure): void {
  if (failure && span.isRecording()) {
    const { type, error } = failure;
    span.setAttribute('error.type', type).setStatus({ code: SpanStatusCode.ERROR });
    if (error instanceof Error) span.addEvent('exception', exceptionEvent(error));
  }
  span.end();
}

function exceptionEvent(error: Error): Attributes {
  const { message, stack } = safeError(error);
  return {
    'exception.type': error.name,
    ...(message && { 'exception.message': message }),
    ...(stack && { 'exception.stacktrace': stack }),
  };
}

/** Runs `work` in a span. An error marks the span as failed and is rethrown. */
export async function inSpan<T>(
  options: SpanOptions,
  work: (span: Span) => Promise<T>,
): Promise<T> {
  const span = startSpan(options);
  try {
    const result = await withSpan(span, () => work(span));
    endSpan(span);
    return result;
  } catch (error) {
    endSpan(span, { type: errorType(error), error });
    throw error;
  }
}

/** Runs `work` with this span as the active one. */
export function withSpan<T>(span: Span, work: () => T): T {
  return context.with(trace.setSpan(context.active(), span), work);
}

/** Links the active span to the one in a carrier, if that belongs to another trace. */
export function linkTo(carrier: TraceCarrier): void {
  const active = trace.getActiveSpan();
  const related = trace.getSpanContext(propagation.extract(ROOT_CONTEXT, carrier));
  if (related && related.traceId !== active?.spanContext().traceId)
    active?.addLink({ context: related });
}

/** Whether the active span belongs to a recorded trace: costly spans are created only then. */
export function isRecorded(): boolean {
  const span = trace.getSpanContext(context.active());
  return span !== undefined && (span.traceFlags & TraceFlags.SAMPLED) !== 0;
}

/** Whether there is an active span, of a trace that is not recorded: the spans within it would be nothing. */
export function isUnrecorded(): boolean {
  const span = trace.getSpanContext(context.active());
  return span !== undefined && (span.traceFlags & TraceFlags.SAMPLED) === 0;
}

/** Runs `work` outside any trace: for work that several requests share. */
export function outsideTrace<T>(work: () => T): T {
  return context.with(ROOT_CONTEXT, work);
}

/** Adds `traceparent` of the active span, or of this one, to a carrier, and returns it. */
export function traceInto<Carrier extends TraceCarrier>(
  carrier: Carrier,
  span?: Span,
): Carrier & { traceparent?: string } {
  propagation.inject(span ? trace.setSpan(context.active(), span) : context.active(), carrier);
  return carrier;
}
