import { Clock } from '@fieldguide/clock';
import { ServiceRegistry } from '@fieldguide/discovery';
import {
  CallFailedError,
  isOutage,
  ResiliencePolicy,
  UncountedError,
} from '@fieldguide/resilience';
import { inSpan, LOG, type Log, metrics } from '@fieldguide/telemetry';
import { Inject, Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Agent } from 'undici';
import { sendProblem } from '../auth/caller.ts';
import { GatewayConfig } from '../gateway.config.ts';
import { send, UnreachableError } from './send.ts';

// Shorter than the services keep idle connections (65 s), so that no request is sent on one that is being closed.
const IDLE_MS = 30_000;

/** The response is forwarded, and its status counts as a failure of the service. */
class OutageResponse extends Error {}

/** Forwards requests to a healthy instance: raw headers, streamed responses, one circuit breaker per service. */
@Injectable()
export class Forwarder {
  readonly #guards = new Map<string, ResiliencePolicy>();
  readonly #agent: Agent;

  constructor(
    private readonly registry: ServiceRegistry,
    private readonly clock: Clock,
    private readonly config: GatewayConfig,
    @Inject(LOG) private readonly log: Log,
  ) {
    const connect = { timeout: 1_000 };
    this.#agent = new Agent({
      connections: 128,
      keepAliveTimeout: IDLE_MS,
      connect,
      headersTimeout: config.FORWARD_TIME_LIMIT_MS,
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
        this.#retryUnsent(service, request, reply),
      );
      metrics.httpClientCalls.inc({ ...labels, outcome: String(reply.raw.statusCode) });
      return reply;
    } catch (error) {
      const { cause } = error as CallFailedError;
      if (cause instanceof OutageResponse) {
        metrics.httpClientCalls.inc({ ...labels, outcome: String(reply.raw.statusCode) });
        return reply;
      }
      const isClientError = cause instanceof UncountedError;
      metrics.httpClientCalls.inc({ ...labels, outcome: isClientError ? 'callerFault' : 'failed' });
      if (isClientError) return this.#rejectCaller(reply);
      this.log.warn(
        { service, reason: (error as Error).message },
        'A request could not be forwarded',
      );
      if (reply.raw.headersSent) {
        reply.raw.destroy();
        return reply;
      }
      reply.header('retry-after', '1');
      return sendProblem(
        reply,
        503,
        'serviceUnavailable',
        `The ${service} service is not available: try again in a few seconds.`,
      );
    }
  }

  /** Closes the connection of a caller who left or does not read; returns 400 for a request that cannot be forwarded. */
  #rejectCaller(reply: FastifyReply): FastifyReply {
    if (!reply.raw.headersSent && !reply.raw.destroyed)
      return sendProblem(reply, 400, 'malformedRequest', 'The request cannot be read.');
    reply.hijack();
    reply.raw.destroy();
    return reply;
  }

  /** Retries on another instance only when the first one was not reached, also for a POST: anything else may have been executed. */
  async #retryUnsent(service: string, request: FastifyRequest, reply: FastifyReply): Promise<void> {
    try {
      await this.#sendOnce(service, request, reply);
    } catch (error) {
      const reached = !((error as CallFailedError).cause instanceof UnreachableError);
      if (reached) throw error;
      await this.#sendOnce(service, request, reply);
    }
  }

  #sendOnce(service: string, request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const guard =
      this.#guards.get(service) ??
      new ResiliencePolicy({
        name: service,
        timeoutMs: this.config.FORWARD_TIME_LIMIT_MS,
        clock: this.clock,
      });
    this.#guards.set(service, guard);
    return guard.run(async (signal) => {
      const now = this.clock.now().getTime();
      const instance = this.registry.next(service, now);
      if (!instance) throw new Error(`no healthy instance of ${service} is known`);
      const sent = send(this.#agent, instance, request, reply, signal);
      const status = await sent.catch((error: unknown) => {
        if (error instanceof UnreachableError) this.registry.markUnreachable(instance.id, now);
        throw error;
      });
      if (isOutage(status)) throw new OutageResponse(`${service} answered ${status}`);
    });
  }
}
