import type { Clock } from '@fieldguide/clock';
import type { Choice, Endpoint, Instance, ServiceRegistry } from '@fieldguide/discovery';
import {
  AbandonedError,
  type Call,
  InstanceFailedError,
  isOutage,
  type TimeLimit,
  UnsentError,
} from '@fieldguide/resilience';
import type { ObservedCall } from '@fieldguide/telemetry';
import type { Answer } from './send.ts';

/** The response is forwarded, and its status counts as a failure of the service. */
export class OutageResponse extends Error {}

/** A request to a service, for any of its instances. */
export interface Outgoing {
  readonly service: string;
  readonly method: string;
  /** The path's pattern, for metrics. */
  readonly route: string;
  /** Selects the version: id or address. */
  caller?(): string;
  /**
   * Sends it to an instance; resolves with the answer, when the response is complete.
   * @param onResponse to be called when the response begins
   */
  send(instance: Instance, limit: TimeLimit, onResponse: () => void): Promise<Answer>;
  /** Whether a read may be sent again: the caller has received nothing of a response. */
  mayRepeat(): boolean;
}

const brokenConnection = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET']);

/** A request on its way: chooses the instance of each attempt, and reports how it ended. */
export class Forwarding implements Call<void>, Choice {
  /** The instance of the last attempt. */
  except: Endpoint | undefined;
  /** Time until the response of the last attempt began, or until it failed. */
  latencyMs: number | undefined;

  constructor(
    private readonly outgoing: Outgoing,
    private readonly registry: ServiceRegistry,
    private readonly clock: Clock,
    private readonly observed: ObservedCall,
  ) {}

  get caller(): string | undefined {
    return this.outgoing.caller?.();
  }

  async send(limit: TimeLimit): Promise<void> {
    const { outgoing, registry, observed } = this;
    const { service } = outgoing;
    const endpoint = registry.next(service, this.#now(), this);
    if (!endpoint) throw new UnsentError(`no healthy instance of ${service} is known`);
    this.except = endpoint;
    this.latencyMs = undefined;
    const startMs = performance.now();
    const measure = () => {
      this.latencyMs ??= performance.now() - startMs;
      return this.latencyMs;
    };
    const { instance } = endpoint;
    observed.sentTo(instance.address, instance.port);
    try {
      const { status, hasRetryAfter } = await outgoing.send(instance, limit, measure);
      observed.responded(status);
      // A service that refuses work until a time is alive: an open breaker would block everything else that it does.
      const hasFailed = status >= 500 && !hasRetryAfter;
      endpoint.ended(hasFailed ? 'failed' : 'ok', measure(), this.#now());
      if (hasFailed && isOutage(status)) throw new OutageResponse(`${service} answered ${status}`);
    } catch (error) {
      const isAnswered = error instanceof OutageResponse;
      if (!isAnswered) endpoint.ended(outcomeOf(error), measure(), this.#now());
      if (error instanceof AbandonedError) throw error;
      throw endpoint.isEjected ? new InstanceFailedError(error) : error;
    }
  }

  /** A read whose connection broke before the response; what was not sent at all is repeated anyway. */
  mayRepeat(reason: unknown): boolean {
    const { method } = this.outgoing;
    const { code = '' } = reason as { code?: string };
    const isRead = method === 'GET' || method === 'HEAD';
    return isRead && brokenConnection.has(code) && this.outgoing.mayRepeat();
  }

  #now(): number {
    return this.clock.now().getTime();
  }
}

function outcomeOf(error: unknown) {
  if (error instanceof UnsentError) return 'unreachable';
  return error instanceof AbandonedError ? 'abandoned' : 'failed';
}
