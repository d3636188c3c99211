import { Clock } from '@fieldguide/clock';
import { ServiceRegistry } from '@fieldguide/discovery';
import { type CallFailedError, UncountedError } from '@fieldguide/resilience';
import { LOG, type Log, observeCall } from '@fieldguide/telemetry';
import { Inject, Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Agent } from 'undici';
import { callerOf, sendProblem } from '../auth/caller.ts';
import { type Received, receive } from '../cache/receive.ts';
import { Upstreams } from '../upstreams/upstreams.ts';
import { Forwarding, OutageResponse, type Outgoing } from './forwarding.ts';
import { addressOf } from './rate-limits.ts';
import { send } from './send.ts';

// Shorter than the services keep idle connections (65 s), so that no request is sent on one that is being closed.
const IDLE_MS = 30_000;

/** Too many requests to the service are in progress. */
class OverloadedError extends Error {}

/** Forwards requests to healthy instances: raw headers, streamed responses, one policy and one concurrency limit per service. */
@Injectable()
export class Forwarder {
  readonly #agent: Agent;

  constructor(
    private readonly registry: ServiceRegistry,
    private readonly upstreams: Upstreams,
    private readonly clock: Clock,
    @Inject(LOG) private readonly log: Log,
  ) {
    const connect = { timeout: 1_000 };
    this.#agent = new Agent({
      connections: 128,
      keepAliveTimeout: IDLE_MS,
      connect,
      headersTimeout: 0, // the policy limits the time
      bodyTimeout: 0,
    });
  }

  async forward(
    service: string,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<FastifyReply> {
    try {
      await this.#call({
        service,
        method: request.method,
        route: request.routeOptions.url ?? '',
        caller: () => callerOf(request)?.id ?? addressOf(request),
        send: (instance, limit, onResponse) =>
          send(this.#agent, instance, request, reply, limit, onResponse),
        mayRepeat: () => !reply.raw.headersSent,
      });
      return reply;
    } catch (error) {
      const { cause } = error as Error;
      if (cause instanceof OutageResponse) return reply;
      if (cause instanceof UncountedError) return rejectCaller(reply);
      return this.rejectUnavailable(service, error as Error, reply);
    }
  }

  /**
   * Fetches a whole response for all callers: nothing of a request but its path reaches the service.
   * @throws OverloadedError, CallFailedError
   */
  async fetch(service: string, route: string, path: string, etag?: string): Promise<Received> {
    let received: Received | undefined;
    try {
      await this.#call({
        service,
        method: 'GET',
        route,
        send: async (instance, limit, onResponse) => {
          received = await receive(this.#agent, instance, path, etag, limit);
          onResponse();
          return {
            status: received.status,
            hasRetryAfter: received.headers.includes('retry-after'),
          };
        },
        mayRepeat: () => true,
      });
    } catch (error) {
      if (!((error as CallFailedError).cause instanceof OutageResponse)) throw error;
    }
    return received!;
  }

  rejectUnavailable(service: string, error: Error, reply: FastifyReply): FastifyReply {
    const isOverloaded = error instanceof OverloadedError;
    if (!isOverloaded)
      this.log.warn({ service, reason: error.message }, 'A request could not be forwarded');
    if (reply.raw.headersSent) {
      reply.raw.destroy();
      return reply;
    }
    if (isOverloaded)
      return sendProblem(reply, 503, 'overloaded', 'Too many requests are in progress.');
    const title = `The ${service} service is not available: try again in a few seconds.`;
    return sendProblem(reply, 503, 'serviceUnavailable', title);
  }

  /** @throws OverloadedError, CallFailedError */
  async #call(outgoing: Outgoing): Promise<void> {
    const { service: peer, method, route } = outgoing;
    const { policy, limit, countShed } = this.upstreams.of(peer);
    if (!limit.tryStart()) {
      countShed();
      throw new OverloadedError();
    }
    let latencyMs: number | undefined;
    try {
      await observeCall({ peer, method, route }, async (observed) => {
        const forwarding = new Forwarding(outgoing, this.registry, this.clock, observed);
        await policy.run(forwarding).finally(() => {
          ({ latencyMs } = forwarding);
        });
      });
    } catch (error) {
      const { cause } = error as CallFailedError;
      // Fast failures, and callers who left, show nothing about the load.
      if (cause instanceof OutageResponse || cause instanceof UncountedError) latencyMs = undefined;
      throw error;
    } finally {
      limit.ended(latencyMs, this.clock.now().getTime());
    }
  }
}

/** Closes the connection of a caller who left or does not read; returns 400 for a request that cannot be forwarded. */
function rejectCaller(reply: FastifyReply): FastifyReply {
  if (!reply.raw.headersSent && !reply.raw.destroyed)
    return sendProblem(reply, 400, 'malformedRequest', 'The request cannot be read.');
  reply.hijack();
  reply.raw.destroy();
  return reply;
}
