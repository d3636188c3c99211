import type { Clock } from '@fieldguide/clock';
import type { Instance, Registry } from '@fieldguide/discovery';
import { CallFailed, Guard } from '@fieldguide/resilience';
import { inSpan, type Log, metrics, traceInto } from '@fieldguide/telemetry';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Agent, type Dispatcher } from 'undici';
import { refuse } from '../caller/caller.ts';

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
]);
// Shorter than the services keep idle connections (65 s), so that no request is sent on one that is being closed.
const IDLE_MS = 30_000;

/** An instance was picked, and nothing reached it: safe to send elsewhere when the request may be repeated. */
class NotReached extends Error {}

/** Sends requests on to a healthy instance: raw headers, streamed bodies, a breaker for each service. */
export class Forwarder {
  readonly #registry: Registry;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #timeLimitMs: number;
  readonly #guards = new Map<string, Guard>();
  readonly #agent: Agent;

  constructor(
    { registry, clock, log }: { registry: Registry; clock: Clock; log: Log },
    timeLimitMs: number,
  ) {
    this.#registry = registry;
    this.#clock = clock;
    this.#log = log;
    this.#timeLimitMs = timeLimitMs;
    const connect = { timeout: 1_000 };
    this.#agent = new Agent({
      connections: 128,
      keepAliveTimeout: IDLE_MS,
      connect,
      headersTimeout: timeLimitMs,
    });
  }

  async forward(
    service: string,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<FastifyReply> {
    const labels = { peer: service, route: request.routeOptions.url ?? '' };
    try {
      await inSpan('client', `${service} ${labels.route}`, labels, () =>
        this.#tryTwice(service, request, reply),
      );
      metrics.httpClientCalls.inc({ ...labels, outcome: String(reply.raw.statusCode) });
      return reply;
    } catch (error) {
      metrics.httpClientCalls.inc({ ...labels, outcome: 'failed' });
      this.#log.warn(
        { service, reason: (error as Error).message },
        'A request could not be forwarded',
      );
      if (reply.raw.headersSent) {
        reply.raw.destroy();
        return reply;
      }
      reply.header('retry-after', '1');
      return refuse(
        reply,
        503,
        'serviceUnavailable',
        `The ${service} service cannot answer now: try again in a few seconds.`,
      );
    }
  }

  /** A read that reached nobody goes to another instance; anything else might have been done already. */
  async #tryTwice(service: string, request: FastifyRequest, reply: FastifyReply): Promise<void> {
    try {
      await this.#guarded(service, request, reply);
    } catch (error) {
      const reached = !((error as CallFailed).cause instanceof NotReached);
      if (request.method !== 'GET' || reached) throw error;
      await this.#guarded(service, request, reply);
    }
  }

  #guarded(service: string, request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const guard =
      this.#guards.get(service) ??
      new Guard({ name: service, timeLimitMs: this.#timeLimitMs, clock: this.#clock });
    this.#guards.set(service, guard);
    return guard.run(async (signal) => {
      const now = this.#clock.now().getTime();
      const instance = this.#registry.pick(service, now);
      if (!instance) throw new Error(`no healthy instance of ${service} is known`);
      await this.#send(instance, request, reply, signal).catch((error: unknown) => {
        if (error instanceof NotReached) this.#registry.avoid(instance.id, now);
        throw error;
      });
    });
  }

  #send(
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
      signal.addEventListener('abort', () => stop(), { once: true });
      this.#agent.dispatch(
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
              if (!out.writableFinished) controller.abort(new Error('the caller went away'));
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
            reject(
              /ECONNREFUSED|UND_ERR_CONNECT_TIMEOUT/.test((error as { code?: string }).code ?? '')
                ? new NotReached(error.message)
                : error,
            );
          },
        },
      );
    });
  }
}

function kept(raw: readonly string[]): string[] {
  const headers: string[] = [];
  for (let i = 0; i < raw.length; i += 2) {
    if (!notForwarded.has(raw[i]!.toLowerCase())) headers.push(raw[i]!, raw[i + 1]!);
  }
  return headers;
}
