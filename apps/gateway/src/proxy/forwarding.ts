import type { Clock } from '@fieldguide/clock';
import type { Choice, Endpoint, ServiceRegistry } from '@fieldguide/discovery';
import {
  AbandonedError,
  type Call,
  InstanceFailedError,
  isOutage,
  type TimeLimit,
  UnsentError,
} from '@fieldguide/resilience';
import type { ObservedCall } from '@fieldguide/telemetry';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Agent } from 'undici';
import { callerOf } from '../auth/caller.ts';
import { addressOf } from './rate-limits.ts';
import { send } from './send.ts';

/** The response is forwarded, and its status counts as a failure of the service. */
export class OutageResponse extends Error {}

const brokenConnection = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET']);

/** What forwardings of a gateway share. */
export interface ForwardingParts {
  readonly agent: Agent;
  readonly registry: ServiceRegistry;
  readonly clock: Clock;
}

/** One request on its way to an instance of a service. */
export class Forwarding implements Call<void>, Choice {
  /** The instance of the last attempt. */
  except: Endpoint | undefined;
  /** Time until the response of the last attempt began, or until it failed. */
  latencyMs: number | undefined;
  #startedMs = 0;

  constructor(
    private readonly parts: ForwardingParts,
    private readonly service: string,
    private readonly request: FastifyRequest,
    private readonly reply: FastifyReply,
    private readonly observed: ObservedCall,
  ) {}

  get caller(): string {
    return callerOf(this.request)?.id ?? addressOf(this.request);
  }

  async send(limit: TimeLimit): Promise<void> {
    const { parts, service, request, reply, observed } = this;
    const endpoint = parts.registry.next(service, this.#now(), this);
    if (!endpoint) throw new UnsentError(`no healthy instance of ${service} is known`);
    this.except = endpoint;
    this.latencyMs = undefined;
    this.#startedMs = performance.now();
    const { instance } = endpoint;
    observed.sentTo(instance.address, instance.port);
    try {
      const status = await send(parts.agent, instance, request, reply, limit, this);
      observed.responded(status);
      this.#ended(endpoint, status >= 500 ? 'failed' : 'ok');
      if (isOutage(status)) throw new OutageResponse(`${service} answered ${status}`);
    } catch (error) {
      if (!(error instanceof OutageResponse)) this.#ended(endpoint, outcomeOf(error));
      if (error instanceof AbandonedError) throw error;
      throw endpoint.isEjected ? new InstanceFailedError(error) : error;
    }
  }

  /** A read whose connection broke before the response; what was not sent at all is repeated anyway. */
  mayRepeat(reason: unknown): boolean {
    const { method } = this.request;
    const isRead = method === 'GET' || method === 'HEAD';
    const { code = '' } = reason as { code?: string };
    return isRead && brokenConnection.has(code) && !this.reply.raw.headersSent;
  }

  onResponse(): void {
    this.latencyMs = performance.now() - this.#startedMs;
  }

  #ended(endpoint: Endpoint, outcome: 'ok' | ReturnType<typeof outcomeOf>): void {
    this.latencyMs ??= performance.now() - this.#startedMs;
    endpoint.ended(outcome, this.latencyMs, this.#now());
  }

  #now(): number {
    return this.parts.clock.now().getTime();
  }
}

function outcomeOf(error: unknown) {
  if (error instanceof UnsentError) return 'unreachable';
  return error instanceof AbandonedError ? 'abandoned' : 'failed';
}
