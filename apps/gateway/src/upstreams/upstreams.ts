import { ConcurrencyLimit, Policies, type ResiliencePolicy } from '@fieldguide/resilience';
import { metrics } from '@fieldguide/telemetry';
import { Injectable } from '@nestjs/common';
import { GatewayConfig } from '../gateway.config.ts';

/** What limits the requests to one service. */
interface Upstream {
  readonly policy: ResiliencePolicy;
  readonly limit: ConcurrencyLimit;
  countShed(): void;
}

/** One policy and one concurrency limit for each service. */
@Injectable()
export class Upstreams {
  readonly #upstreams = new Map<string, Upstream>();

  constructor(
    private readonly policies: Policies,
    private readonly config: GatewayConfig,
  ) {}

  of(service: string): Upstream {
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
