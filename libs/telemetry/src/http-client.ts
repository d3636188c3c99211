import { errorType } from './error.ts';
import { metrics } from './metrics.ts';
import { endSpan, startSpan, withSpan } from './trace.ts';

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
  { peer, method, route }: OutgoingCall,
  work: (call: ObservedCall) => Promise<T>,
): Promise<T> {
  const begun = performance.now();
  const attributes = {
    'http.request.method': method,
    'url.template': route,
    'server.service.name': peer,
  };
  const span = startSpan({ kind: 'client', name: `${method} ${route}`, attributes });
  let status: number | undefined;
  let failure: { readonly error?: unknown; readonly type: string } | undefined;
  try {
    return await withSpan(span, () =>
      work({
        sentTo: (address, port) => {
          status = undefined;
          span.setAttributes({ 'server.address': address, 'server.port': port });
        },
        responded: (received) => {
          status = received;
        },
      }),
    );
  } catch (error) {
    failure = { error, type: errorType(error) };
    throw error;
  } finally {
    if (status !== undefined) span.setAttribute('http.response.status_code', status);
    if (status !== undefined && status >= 400) failure = { ...failure, type: String(status) };
    endSpan(span, failure);
    const labels = {
      http_request_method: method,
      url_template: route,
      server_service_name: peer,
      ...(status !== undefined && { http_response_status_code: status }),
      ...(failure && { error_type: failure.type }),
    };
    metrics.httpClientSeconds.observe(labels, (performance.now() - begun) / 1_000);
  }
}
