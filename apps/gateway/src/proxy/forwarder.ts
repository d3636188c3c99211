import { Clock } from '@fieldguide/clock';
import { type Instance, ServiceRegistry } from '@fieldguide/discovery';
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
import { type Received, receive } from '../cache/receive.ts';
import { GatewayConfig } from '../gateway.config.ts';
import { type Answer, send, UnreachableError } from './send.ts';

// Shorter than the services keep idle connections (65 s), so that no request is sent on one that is being closed.
const IDLE_MS = 30_000;

interface Forwarding {
  readonly service: string;
  readonly observed: ObservedCall;
  /** Resolves with the status, when the response is complete. */
  readonly send: (instance: Instance, signal: AbortSignal) => Promise<Answer>;
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
    const sendTo = (instance: Instance, signal: AbortSignal) =>
      send(this.#agent, instance, request, reply, signal);
    try {
      await observeCall(call, (observed) => this.#retryUnsent({ service, observed, send: sendTo }));
      return reply;
    } catch (error) {
      const { cause } = error as CallFailedError;
      if (cause instanceof OutageResponse) return reply;
      if (cause instanceof UncountedError) return this.#rejectCaller(reply);
      return this.rejectUnavailable(service, error as Error, reply);
    }
  }

  /**
   * Fetches a whole response for all callers: nothing of a request but its path reaches the service.
   * @throws CallFailedError
   */
  async fetch(service: string, route: string, path: string, etag?: string): Promise<Received> {
    let received: Received | undefined;
    const receiveFrom = async (instance: Instance, signal: AbortSignal) => {
      received = await receive(this.#agent, instance, path, etag, signal);
      return { status: received.status, tellsWhen: false };
    };
    const call = { peer: service, method: 'GET', route };
    try {
      await observeCall(call, (observed) =>
        this.#retryUnsent({ service, observed, send: receiveFrom }),
      );
    } catch (error) {
      if (!((error as CallFailedError).cause instanceof OutageResponse)) throw error;
    }
    return received!;
  }

  rejectUnavailable(service: string, error: Error, reply: FastifyReply): FastifyReply {
    this.log.warn({ service, reason: error.message }, 'A request could not be forwarded');
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

  #sendOnce({ service, observed, send }: Forwarding): Promise<void> {
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
      const sent = send(instance, signal);
      const { status, tellsWhen } = await sent.catch((error: unknown) => {
        if (error instanceof UnreachableError) this.registry.markUnreachable(instance.id, now);
        throw error;
      });
      observed.responded(status);
      // A service that refuses work until a time is alive: an open breaker would block everything else that it does.
      if (isOutage(status) && !tellsWhen) throw new OutageResponse(`${service} answered ${status}`);
    });
  }
}
