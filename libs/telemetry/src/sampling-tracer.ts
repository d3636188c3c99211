import {
  type Attributes,
  type Context,
  context,
  INVALID_TRACEID,
  type Link,
  type Span,
  type SpanContext,
  SpanKind,
  type SpanOptions,
  type SpanStatus,
  SpanStatusCode,
  TraceFlags,
  type Tracer,
  type TracerProvider,
  trace,
} from '@opentelemetry/api';
import {
  AlwaysOnSampler,
  type IdGenerator,
  RandomIdGenerator,
  type Sampler,
  SamplingDecision,
  TracerProvider as SdkProvider,
  type TracerProviderOptions,
} from '@opentelemetry/sdk-trace';

/**
 * Decides before it creates a span: the SDK's cost as much as forwarding a request, also when nothing is recorded. What is
 * not sampled has only its ids; a request keeps what it takes to record its own span if it fails. Within an unsampled
 * span there are no others: they are stand-ins with its ids.
 */
export class SamplingTracers implements TracerProvider {
  readonly #recorder: SdkProvider;
  readonly #tracer: Tracer;

  constructor(sampler: Sampler, settings: Omit<TracerProviderOptions, 'sampler' | 'idGenerator'>) {
    const ids = new ChosenIds();
    const sdk = { ...settings, sampler: new AlwaysOnSampler(), idGenerator: ids };
    this.#recorder = new SdkProvider(sdk);
    this.#tracer = new SamplingTracer(sampler, this.#recorder.getTracer('fieldguide'), ids);
  }

  getTracer(): Tracer {
    return this.#tracer;
  }

  forceFlush(): Promise<void> {
    return this.#recorder.forceFlush();
  }

  shutdown(): Promise<void> {
    return this.#recorder.shutdown();
  }
}

/** Random ids, or those that were chosen for the next span. */
class ChosenIds implements IdGenerator {
  readonly #random = new RandomIdGenerator();
  chosen: SpanContext | undefined;

  generateTraceId(): string {
    return this.chosen?.traceId ?? this.#random.generateTraceId();
  }

  generateSpanId(): string {
    return this.chosen?.spanId ?? this.#random.generateSpanId();
  }
}

class SamplingTracer implements Tracer {
  constructor(
    private readonly sampler: Sampler,
    private readonly recorder: Tracer,
    private readonly ids: ChosenIds,
  ) {}

  startSpan(name: string, options: SpanOptions = {}, parent: Context = context.active()): Span {
    const { kind = SpanKind.INTERNAL, attributes = {}, links = [] } = options;
    const found = trace.getSpanContext(parent);
    const outer = found && found.traceId !== INVALID_TRACEID ? found : undefined;
    const isInUnsampled = outer && !(outer.traceFlags & TraceFlags.SAMPLED);
    if (isInUnsampled && kind !== SpanKind.SERVER) return trace.wrapSpanContext(outer);
    const traceId = outer?.traceId ?? this.ids.generateTraceId();
    const { sampler } = this;
    const { decision } = sampler.shouldSample(parent, traceId, name, kind, attributes, links);
    const own = { traceId, spanId: this.ids.generateSpanId(), traceFlags: TraceFlags.NONE };
    if (decision === SamplingDecision.NOT_RECORD) return trace.wrapSpanContext(own);
    const record = (more?: SpanOptions) => this.#record(own, name, { ...options, ...more }, parent);
    return decision === SamplingDecision.RECORD ? new UnsampledSpan(own, record) : record();
  }

  #record(own: SpanContext, name: string, options: SpanOptions, parent: Context): Span {
    this.ids.chosen = own;
    try {
      return this.recorder.startSpan(name, options, parent);
    } finally {
      this.ids.chosen = undefined;
    }
  }

  startActiveSpan<F extends (span: Span) => unknown>(name: string, work: F): ReturnType<F>;
  startActiveSpan(name: string, ...more: unknown[]): unknown {
    const work = more.pop() as (span: Span) => unknown;
    const [options, parent = context.active()] = more as [SpanOptions?, Context?];
    const span = this.startSpan(name, options, parent);
    return context.with(trace.setSpan(parent, span), () => work(span));
  }
}

type Change = (span: Span) => void;

const CHANGES_MAX = 128; // as many as the SDK keeps events

/** Nothing, unless it fails: then a span with the same ids is recorded, with all that has happened to it. */
class UnsampledSpan implements Span {
  readonly #startTime = performance.now();
  #changes: Change[] | undefined;
  #hasFailed = false;
  #hasEnded = false;

  constructor(
    private readonly own: SpanContext,
    private readonly record: (more: SpanOptions) => Span,
  ) {}

  spanContext(): SpanContext {
    return this.own;
  }

  isRecording(): boolean {
    return !this.#hasEnded;
  }

  setAttribute(key: string, value: NonNullable<Attributes[string]>): this {
    return this.#change((span) => span.setAttribute(key, value));
  }

  setAttributes(attributes: Attributes): this {
    return this.#change((span) => span.setAttributes(attributes));
  }

  addEvent(...event: Parameters<Span['addEvent']>): this {
    return this.#change((span) => span.addEvent(...event));
  }

  addLink(link: Link): this {
    return this.#change((span) => span.addLink(link));
  }

  addLinks(links: Link[]): this {
    return this.#change((span) => span.addLinks(links));
  }

  setStatus(status: SpanStatus): this {
    this.#hasFailed = status.code === SpanStatusCode.ERROR;
    return this.#change((span) => span.setStatus(status));
  }

  updateName(name: string): this {
    return this.#change((span) => span.updateName(name));
  }

  recordException(...exception: Parameters<Span['recordException']>): void {
    this.#change((span) => span.recordException(...exception));
  }

  end(): void {
    if (this.#hasFailed && !this.#hasEnded) {
      const span = this.record({ startTime: this.#startTime });
      for (const change of this.#changes ?? []) change(span);
      span.end(performance.now());
    }
    this.#hasEnded = true;
  }

  #change(change: Change): this {
    this.#changes ??= [];
    if (this.#changes.length < CHANGES_MAX) this.#changes.push(change);
    return this;
  }
}
