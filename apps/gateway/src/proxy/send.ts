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

/**
 * Sends a received request to one instance and streams the response back: raw headers, bodies never parsed. Writes
 * nothing to the caller before the response starts.
 * @returns the status, when the response is complete
 * @throws UncountedError when the caller left, did not read, or sent what cannot be forwarded
 */
export function send(
  agent: Agent,
  { address, port }: Instance,
  request: FastifyRequest,
  reply: FastifyReply,
  signal: AbortSignal,
): Promise<number> {
  const { method, url } = request.raw;
  const out = reply.raw;
  return new Promise((resolve, reject) => {
    let status = 0;
    let hasWaited = false; // for the caller to read on
    let bodyBytes = Number.NaN;
    let whole: Buffer | undefined; // a body that arrived in one piece leaves with the headers, in one write
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
          status = statusCode;
          const headers = responseHeaders(controller.rawHeaders as Buffer[], reply.getHeaders());
          bodyBytes = Number(headers[headers.indexOf('content-length') + 1]);
          reply.hijack();
          out.writeHead(status, headers);
        },
        onResponseData(controller, chunk) {
          if (chunk.length === bodyBytes) {
            whole = chunk;
            return;
          }
          if (out.write(chunk)) return;
          hasWaited = true;
          controller.pause();
          out.once('drain', () => controller.resume());
        },
        onResponseEnd() {
          if (whole) out.end(whole.toString('latin1'), 'latin1');
          else out.end();
          resolve(status);
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
