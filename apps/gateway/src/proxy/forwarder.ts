import { Clock } from '@fieldguide/clock';
import { ServiceRegistry } from '@fieldguide/discovery';
import {
  type CallFailedError,
  ConcurrencyLimit,
  Policies,
  type ResiliencePolicy,
  UncountedError,
} from '@fieldguide/resilience';
import { LOG, type Log, metrics, observeCall } from '@fieldguide/telemetry';
import { Inject, Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Agent } from 'undici';
import { sendProblem } from '../auth/caller.ts';
import { GatewayConfig } from '../gateway.config.ts';
import { Forwarding, type ForwardingParts, OutageResponse } from './forwarding.ts';

// Shorter than the services keep idle connections (65 s), so that no request is sent on one that is being closed.
const IDLE_MS = 30_000;

interface Upstream {
  readonly policy: ResiliencePolicy;
  readonly limit: ConcurrencyLimit;
  countShed(): void;
}

/** Forwards requests to healthy instances: raw headers, streamed responses, one policy and one concurrency limit per service. */
@Injectable()
export class Forwarder {
  readonly #upstreams = new Map<string, Upstream>();
  readonly #parts: ForwardingParts;

  constructor(
    registry: ServiceRegistry,
    private readonly policies: Policies,
    private readonly clock: Clock,
    private readonly config: GatewayConfig,
    @Inject(LOG) private readonly log: Log,
  ) {
    const connect = { timeout: 1_000 };
    const agent = new Agent({
      connections: 128,
      keepAliveTimeout: IDLE_MS,
      connect,
      headersTimeout: config.FORWARD_TIME_LIMIT_MS,
    });
    this.#parts = { agent, registry, clock };
  }

  async forward(
    service: string,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<FastifyReply> {
    const { policy, limit, countShed } = this.#upstreamOf(service);
    if (!limit.tryStart()) {
      countShed();
      return unavailable(reply, 'overloaded', `Too many requests are in progress at ${service}.`);
    }
    const { method, routeOptions } = request;
    const call = { peer: service, method, route: routeOptions.url ?? '' };
    let forwarding: Forwarding | undefined;
    let isMeasured = true;
    try {
      await observeCall(call, (observed) => {
        forwarding = new Forwarding(this.#parts, service, request, reply, observed);
        return policy.run(forwarding);
      });
      return reply;
    } catch (error) {
      const { cause } = error as CallFailedError;
      isMeasured = !(cause instanceof OutageResponse || cause instanceof UncountedError);
      return this.#answerFailure(service, error as CallFailedError, reply);
    } finally {
      limit.ended(isMeasured ? forwarding?.latencyMs : undefined, this.clock.now().getTime());
    }
  }

  #answerFailure(service: string, { cause, message }: CallFailedError, reply: FastifyReply) {
    if (cause instanceof OutageResponse) return reply;
    if (cause instanceof UncountedError) return rejectCaller(reply);
    this.log.warn({ service, reason: message }, 'A request could not be forwarded');
    if (reply.raw.headersSent) {
      reply.raw.destroy();
      return reply;
    }
    const title = `The ${service} service is not available: try again in a few seconds.`;
    return unavailable(reply, 'serviceUnavailable', title);
  }

  #upstreamOf(service: string): Upstream {
    const known = this.#upstreams.get(service);
    if (known) return known;
    const { FORWARD_TIME_LIMIT_MS: timeoutMs } = this.config;
    // The concurrency limit is the capacity.
    const policy = this.policies.of(service, { timeoutMs, capacity: Number.MAX_SAFE_INTEGER });
    const limit = new ConcurrencyLimit(() => this.config.CONCURRENCY_LIMIT_MAX);
    const labels = { server_service_name: service };
    metrics.sampledBy(() => metrics.concurrencyLimit.set(labels, limit.limit));
    const shed = metrics.requestsShed.labels(labels);
    shed.inc(0);
    const upstream = { policy, limit, countShed: () => shed.inc() };
    this.#upstreams.set(service, upstream);
    return upstream;
  }
}

function unavailable(reply: FastifyReply, code: string, title: string): FastifyReply {
  reply.header('retry-after', '1');
  return sendProblem(reply, 503, code, title);
}

/** Closes the connection of a caller who left or does not read; returns 400 for a request that cannot be forwarded. */
function rejectCaller(reply: FastifyReply): FastifyReply {
  if (!reply.raw.headersSent && !reply.raw.destroyed)
    return sendProblem(reply, 400, 'malformedRequest', 'The request cannot be read.');
  reply.hijack();
  reply.raw.destroy();
  return reply;
}
