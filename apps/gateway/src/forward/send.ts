import type { Instance } from '@fieldguide/discovery';
import { traceInto } from '@fieldguide/telemetry';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Agent, Dispatcher } from 'undici';

// Hop-by-hop headers belong to one connection (RFC 9110, 7.6.1); `host` is the instance's own.
const notForwarded = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'host',
  'expect',
  // Ours to say: a caller could claim another trace or address.
  'traceparent',
  'tracestate',
  'x-forwarded-for',
]);
/** An instance was picked, and nothing reached it: safe to send elsewhere when the request may be repeated. */
export class NotReached extends Error {}

/**
 * Sends a request to one instance and streams the answer back: raw headers, bodies never parsed or held. Resolves when
 * the answer is through; nothing is written to the caller before the instance has begun to answer.
 */
export function send(
  agent: Agent,
  { address, port }: Instance,
  request: FastifyRequest,
  reply: FastifyReply,
  signal: AbortSignal,
): Promise<void> {
  const { method, url, rawHeaders } = request.raw;
  const headers = kept(rawHeaders);
  for (const [name, value] of Object.entries(traceInto({}))) headers.push(name, String(value));
  headers.push('x-forwarded-for', request.ip);
  const hasBody =
    method !== 'GET' && method !== 'HEAD' && request.headers['content-length'] !== '0';
  const out = reply.raw;
  return new Promise((resolve, reject) => {
    const end = (controller?: Dispatcher.DispatchController) => () =>
      controller?.abort(new Error('no answer in time'));
    let stop = end();
    let callerLeft = false;
    signal.addEventListener('abort', () => stop(), { once: true });
    agent.dispatch(
      {
        origin: `http://${address}:${port}`,
        path: url!,
        method: method as Dispatcher.HttpMethod,
        headers,
        body: hasBody ? request.raw : null,
      },
      {
        onRequestStart(controller) {
          stop = end(controller);
          out.once('close', () => {
            callerLeft = !out.writableFinished;
            if (callerLeft) controller.abort(new Error('the caller went away'));
          });
        },
        onResponseStart(controller, status) {
          reply.hijack();
          const raw = (controller.rawHeaders as Buffer[]).map(String);
          const own = Object.entries(reply.getHeaders()).flatMap(([name, value]) => [
            name,
            String(value),
          ]);
          out.writeHead(status, [...own, ...kept(raw)]);
        },
        onResponseData(controller, chunk) {
          if (!out.write(chunk)) {
            controller.pause();
            out.once('drain', () => controller.resume());
          }
        },
        onResponseEnd() {
          out.end();
          resolve();
        },
        onResponseError(_controller, error) {
          if (callerLeft) return resolve(); // no fault of the service: its breaker must not count it
          const { code = '' } = error as { code?: string };
          const unreached = code === 'ECONNREFUSED' || code === 'UND_ERR_CONNECT_TIMEOUT';
          reject(unreached ? new NotReached(error.message) : error);
        },
      },
    );
  });
}

function kept(raw: readonly string[]): string[] {
  const headers: string[] = [];
  for (let i = 0; i < raw.length; i += 2) {
    if (!notForwarded.has(raw[i]!.toLowerCase())) headers.push(raw[i]!, raw[i + 1]!);
  }
  return headers;
}
