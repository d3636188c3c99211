import type { Instance } from '@fieldguide/discovery';
import { UncountedError } from '@fieldguide/resilience';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Agent, Dispatcher } from 'undici';
import { requestHeaders, responseHeaders } from './headers.ts';

/** The chosen instance was not reached: safe to send to another one. */
export class UnreachableError extends Error {}

/** The caller left, did not read, or sent what cannot be forwarded. */
class CallerError extends UncountedError {
  readonly code = 'caller';
}

export interface Answer {
  readonly status: number;
  /** It has a `retry-after` header: the service itself limits its load. */
  readonly hasRetryAfter: boolean;
}

/**
 * Sends a received request to one instance and streams the response back: raw headers, bodies never parsed. Writes
 * nothing to the caller before the response starts.
 * @returns what the service has answered, when the response is complete
 * @throws UncountedError when the caller left, did not read, or sent what cannot be forwarded
 */
export function send(
  agent: Agent,
  { address, port }: Instance,
  request: FastifyRequest,
  reply: FastifyReply,
  signal: AbortSignal,
): Promise<Answer> {
  const { method, url } = request.raw;
  const out = reply.raw;
  return new Promise((resolve, reject) => {
    let answer: Answer = { status: 0, hasRetryAfter: false };
    let hasWaited = false; // for the caller to read on
    let started: Dispatcher.DispatchController | undefined;
    const stop = () => {
      const late = hasWaited
        ? new CallerError('the caller does not read the response')
        : new Error('no response in time');
      if (started) started.abort(late);
      else reject(late);
    };
    signal.addEventListener('abort', stop, { once: true });
    agent.dispatch(
      {
        origin: `http://${address}:${port}`,
        path: url!,
        method: method as Dispatcher.HttpMethod,
        headers: requestHeaders(request),
        body: (request.body as Buffer | undefined) ?? null,
      },
      {
        onRequestStart(controller) {
          started = controller;
          if (signal.aborted) return stop();
          out.once('close', () => {
            if (!out.writableFinished) controller.abort(new CallerError('the caller left'));
          });
          if (out.destroyed) controller.abort(new CallerError('the caller left'));
        },
        onResponseStart(controller, statusCode) {
          const headers = responseHeaders(controller.rawHeaders as Buffer[], reply.getHeaders());
          answer = { status: statusCode, hasRetryAfter: headers.includes('retry-after') };
          reply.hijack();
          out.writeHead(statusCode, headers);
        },
        onResponseData(controller, chunk) {
          if (out.write(chunk)) return;
          hasWaited = true;
          controller.pause();
          out.once('drain', () => controller.resume());
        },
        onResponseEnd() {
          out.end();
          resolve(answer);
        },
        onResponseError(_controller, error) {
          const { code = '' } = error as { code?: string };
          if (code === 'ECONNREFUSED' || code === 'UND_ERR_CONNECT_TIMEOUT')
            reject(new UnreachableError(error.message));
          else if (code === 'UND_ERR_INVALID_ARG')
            reject(new CallerError(error.message, { cause: error }));
          else reject(error);
        },
      },
    );
  });
}
