import { Clock } from '@fieldguide/clock';
import { ServiceRegistry } from '@fieldguide/discovery';
import {
  CallFailedError,
  isOutage,
  ResiliencePolicy,
  UncountedError,
} from '@fieldguide/resilience';
import { LOG, type Log, type ObservedCall, observeCall } from '@fieldguide/telemetry';
import { Inject, Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Agent } from 'undici';
import { sendProblem } from '../auth/caller.ts';
import { GatewayConfig } from '../gateway.config.ts';
import { send, UnreachableError } from './send.ts';

// Shorter than the services keep idle connections (65 s), so that no request is sent on one that is being closed.
const IDLE_MS = 30_000;

interface Forwarding {
  readonly service: string;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly observed: ObservedCall;
}

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
    const { method, routeOptions } = request;
    const call = { peer: service, method, route: routeOptions.url ?? '' };
    try {
      await observeCall(call, (observed) =>
        this.#retryUnsent({ service, request, reply, observed }),
      );
      return reply;
    } catch (error) {
      const { cause } = error as CallFailedError;
      if (cause instanceof OutageResponse) return reply;
      if (cause instanceof UncountedError) return this.#rejectCaller(reply);
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
  async #retryUnsent(forwarding: Forwarding): Promise<void> {
    try {
      await this.#sendOnce(forwarding);
    } catch (error) {
      const reached = !((error as CallFailedError).cause instanceof UnreachableError);
      if (reached) throw error;
      await this.#sendOnce(forwarding);
    }
  }

  #sendOnce({ service, request, reply, observed }: Forwarding): Promise<void> {
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
      observed.sentTo(instance.address, instance.port);
      const sent = send(this.#agent, instance, request, reply, signal);
      const { status, hasRetryAfter } = await sent.catch((error: unknown) => {
        if (error instanceof UnreachableError) this.registry.markUnreachable(instance.id, now);
        throw error;
      });
      observed.responded(status);
      // A service that refuses work until a time is alive: an open breaker would block everything else that it does.
      if (isOutage(status) && !hasRetryAfter)
        throw new OutageResponse(`${service} answered ${status}`);
    });
  }
}
