import type { Span } from '@opentelemetry/api';
import { errorType } from './error.ts';
import { metrics } from './metrics.ts';
import { endSpan, type Failure, isUnrecorded, startSpan, withSpan } from './trace.ts';

/** A call to another service. */
export interface OutgoingCall {
  /** The `service.name` of the called service. */
  readonly peer: string;
  readonly method: string;
  /** The path's pattern: `/products/:id`. */
  readonly route: string;
}

/** Reports where a request is sent, and the status of its response. With retries the last one counts. */
export interface ObservedCall {
  sentTo(address: string, port: number): void;
  responded(status: number): void;
}

/**
 * Records a client span and the duration of a call, with its retries. A status of 400 or more is a failure, as is a
 * call without a response.
 */
export async function observeCall<T>(
  outgoing: OutgoingCall,
  work: (call: ObservedCall) => Promise<T>,
): Promise<T> {
  const begun = performance.now();
  const span = isUnrecorded() ? undefined : startCallSpan(outgoing);
  const call = new Observation(span);
  try {
    return await (span ? withSpan(span, () => work(call)) : work(call));
  } catch (error) {
    call.failure = { error, type: errorType(error) };
    throw error;
  } finally {
    call.end();
    const { peer, method, route } = outgoing;
    const labels = [method, route, peer, call.status, call.failure?.type];
    metrics.httpClientSeconds.observe((performance.now() - begun) / 1_000, labels);
  }
}

function startCallSpan({ peer, method, route }: OutgoingCall): Span {
  const attributes = {
    'http.request.method': method,
    'url.template': route,
    'server.service.name': peer,
  };
  return startSpan({ kind: 'client', name: `${method} ${route}`, attributes });
}

class Observation implements ObservedCall {
  readonly #span: Span | undefined;
  status: number | undefined;
  failure: Failure | undefined;

  constructor(span: Span | undefined) {
    this.#span = span;
  }

  readonly sentTo = (address: string, port: number): void => {
    this.status = undefined;
    this.#span?.setAttributes({ 'server.address': address, 'server.port': port });
  };

  readonly responded = (status: number): void => {
    this.status = status;
  };

  end(): void {
    const { status } = this;
    if (status !== undefined && status >= 400)
      this.failure = { ...this.failure, type: String(status) };
    if (status !== undefined) this.#span?.setAttribute('http.response.status_code', status);
    if (this.#span) endSpan(this.#span, this.failure);
  }
}
