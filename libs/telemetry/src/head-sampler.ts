import { type Attributes, type Context, type Link, SpanKind } from '@opentelemetry/api';
import {
  AlwaysOffSampler,
  ParentBasedSampler,
  type Sampler,
  SamplingDecision,
  type SamplingResult,
} from '@opentelemetry/sdk-trace';

/** How many of the traces that begin in this process are recorded. Read at each decision. */
export interface SamplingRates {
  /** Recorded writes per second, of each method and route. */
  readonly TRACE_WRITES_PER_SECOND: number;
  /** Recorded share of the reads, 0 to 1. */
  readonly TRACE_READ_RATIO: number;
}

const reads = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Decides at the head of a trace, when a request arrives without one; afterwards the decision travels with `traceparent`.
 * Records writes up to a rate and a share of the reads. A root that is no request, such as a background loop, is not
 * recorded.
 * @param nowMs monotonic
 */
export function headSampler(rates: SamplingRates, nowMs = () => performance.now()): Sampler {
  return new ParentBasedSampler({
    root: new RootSampler(rates, nowMs),
    remoteParentNotSampled: unsampled,
    localParentNotSampled: new AlwaysOffSampler(),
  });
}

/** Keeps the request's own span in memory, to export it if the request fails (`SamplingTracers`). */
const unsampled: Sampler = {
  shouldSample: (_context, _traceId, _name, kind) => ({
    decision: kind === SpanKind.SERVER ? SamplingDecision.RECORD : SamplingDecision.NOT_RECORD,
  }),
};

class RootSampler implements Sampler {
  readonly #rates: SamplingRates;
  readonly #nowMs: () => number;
  #second = 0;
  /** Recorded in this second, by method and route: a flood of one route does not displace the others. */
  #writes = new Map<string, number>();

  constructor(rates: SamplingRates, nowMs: () => number) {
    this.#rates = rates;
    this.#nowMs = nowMs;
  }

  shouldSample(
    context: Context,
    traceId: string,
    name: string,
    kind: SpanKind,
    attributes: Attributes,
    links: Link[],
  ): SamplingResult {
    const isWanted =
      kind === SpanKind.SERVER &&
      (reads.has(String(attributes['http.request.method']))
        ? shareOf(traceId) < this.#rates.TRACE_READ_RATIO
        : this.#takeWrite(name));
    return isWanted
      ? { decision: SamplingDecision.RECORD_AND_SAMPLED }
      : unsampled.shouldSample(context, traceId, name, kind, attributes, links);
  }

  #takeWrite(route: string): boolean {
    const second = Math.floor(this.#nowMs() / 1_000);
    if (second !== this.#second) this.#writes.clear();
    this.#second = second;
    const count = this.#writes.get(route) ?? 0;
    if (count >= this.#rates.TRACE_WRITES_PER_SECOND) return false;
    this.#writes.set(route, count + 1);
    return true;
  }
}

/** Trace ids are random: the first 32 bits as a number between 0 and 1. */
const shareOf = (traceId: string) => Number.parseInt(traceId.slice(0, 8), 16) / 2 ** 32;
