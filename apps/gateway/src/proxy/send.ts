import type { Instance } from '@fieldguide/discovery';
import {
  AbandonedError,
  DEADLINE_HEADER,
  type TimeLimit,
  UnsentError,
} from '@fieldguide/resilience';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Agent, Dispatcher } from 'undici';
import { requestHeaders, responseHeaders } from './headers.ts';

/** The caller left, did not read, or sent what cannot be forwarded. */
class CallerError extends AbandonedError {
  readonly code = 'caller';
}

/** What a service has answered. */
export interface Answer {
  readonly status: number;
  /** It has a `retry-after` header: the service itself limits its load. */
  readonly hasRetryAfter: boolean;
}

/** Whether no connection was made, so that nothing was sent. */
export const isUnreached = (error: unknown): boolean =>
  ['ECONNREFUSED', 'UND_ERR_CONNECT_TIMEOUT'].includes((error as { code?: string }).code ?? '');

/**
 * Sends a received request to one instance and streams the response back: raw headers, bodies never parsed. Writes
 * nothing to the caller before the response starts.
 * @returns what the service has answered, when the response is complete
 * @param onResponse is called when the response begins
 * @throws AbandonedError when the caller left, did not read, or sent what cannot be forwarded
 * @throws UnsentError when the instance was not reached
 */
export function send(
  agent: Agent,
  { address, port }: Instance,
  request: FastifyRequest,
  reply: FastifyReply,
  { ms, endsAt }: TimeLimit,
  onResponse: () => void,
): Promise<Answer> {
  const { method, url } = request.raw;
  const out = reply.raw;
  const headers = requestHeaders(request);
  headers.push(DEADLINE_HEADER, String(endsAt));
  return new Promise<Answer>((resolve, reject) => {
    let answer: Answer = { status: 0, hasRetryAfter: false };
    let isLate = false;
    let hasWaited = false; // for the caller to read on
    let bodyBytes = Number.NaN;
    let whole: Buffer | undefined; // a body that arrived in one piece leaves with the headers, in one write
    let started: Dispatcher.DispatchController | undefined;
    const stop = () => {
      isLate = true;
      const late = hasWaited
        ? new CallerError('the caller does not read the response')
        : new Error('no response in time');
      if (started) started.abort(late);
      else reject(late);
    };
    const timer = setTimeout(stop, ms);
    const fail = (error: Error) => {
      clearTimeout(timer);
      reject(error);
    };
    agent.dispatch(
      {
        origin: `http://${address}:${port}`,
        path: url!,
        method: method as Dispatcher.HttpMethod,
        headers,
        body: (request.body as Buffer | undefined) ?? null,
      },
      {
        onRequestStart(controller) {
          started = controller;
          if (isLate) return stop();
          out.once('close', () => {
            if (!out.writableFinished) controller.abort(new CallerError('the caller left'));
          });
          if (out.destroyed) controller.abort(new CallerError('the caller left'));
        },
        onResponseStart(_controller, statusCode, received) {
          onResponse();
          answer = { status: statusCode, hasRetryAfter: received['retry-after'] !== undefined };
          bodyBytes = Number(received['content-length']);
          const headers = responseHeaders(received, reply.getHeaders());
          reply.hijack();
          out.writeHead(statusCode, headers);
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
          clearTimeout(timer);
          if (whole) out.end(whole.toString('latin1'), 'latin1');
          else out.end();
          resolve(answer);
        },
        onResponseError(_controller, error) {
          const { code = '' } = error as { code?: string };
          if (isUnreached(error)) fail(new UnsentError(error.message));
          else if (code === 'UND_ERR_INVALID_ARG')
            fail(new CallerError(error.message, { cause: error }));
          else fail(error);
        },
      },
    );
  });
}
