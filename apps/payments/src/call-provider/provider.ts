import { Operation, type OperationRequest } from '@fieldguide/contracts/payment-provider';
import { isOutage, Policies, type ResiliencePolicy, UncountedError } from '@fieldguide/resilience';
import { observeCall, traceInto } from '@fieldguide/telemetry';
import { Injectable } from '@nestjs/common';
import { Agent, request } from 'undici';
import type { z } from 'zod';
import { PaymentsConfig } from '../payments.config.ts';

/** The fields that payments reads of an operation. */
export const Result = Operation.pick({ outcome: true });
export type Result = z.infer<typeof Result>;

/** Payments' port to the external provider. */
export abstract class Provider {
  /** Executes an operation, or returns the earlier result of its key. @throws when the result is unknown */
  abstract operate(operation: OperationRequest): Promise<Result>;
  /** Returns the result of a key; undefined when the provider never received it. */
  abstract find(key: string): Promise<Result | undefined>;
}

const OWN_POLICY = {
  timeoutMs: 4_000,
  // Retries of one payment that the provider never answers must not open the breaker.
  minimumCalls: 10,
  // Longer than a few time limits, or calls that all end late would never be counted together.
  windowMs: 30_000,
};

/** The provider over HTTP, behind a breaker and a time limit. `ProviderWorker` retries. */
@Injectable()
export class HttpProvider extends Provider {
  readonly #policy: ResiliencePolicy;
  readonly #agent = new Agent({ keepAliveTimeout: 30_000, connect: { timeout: 1_000 } });

  constructor(
    private readonly config: PaymentsConfig,
    policies: Policies,
  ) {
    super();
    this.#policy = policies.of('payment-provider', OWN_POLICY);
  }

  override async operate(operation: OperationRequest): Promise<Result> {
    const body = JSON.stringify(operation);
    const result = await this.#send('POST', '/operations', body);
    if (!result) throw new Error('The payment provider returned 404 for a new operation');
    return result;
  }

  override find(key: string): Promise<Result | undefined> {
    return this.#send('GET', `/operations/${encodeURIComponent(key)}`);
  }

  #send(method: 'GET' | 'POST', path: string, body?: string): Promise<Result | undefined> {
    const route = method === 'GET' ? '/operations/:key' : '/operations';
    return observeCall({ peer: 'payment-provider', method, route }, (call) =>
      this.#policy.run({
        send: async ({ signal }) => {
          const { hostname, port } = new URL(this.config.PAYMENT_PROVIDER_URL);
          call.sentTo(hostname, Number(port));
          const { statusCode, body: responseBody } = await request(
            this.config.PAYMENT_PROVIDER_URL + path,
            {
              method,
              headers: traceInto({
                'x-api-key': this.config.PROVIDER_API_KEY,
                'content-type': 'application/json',
              }),
              ...(body && { body }),
              signal,
              dispatcher: this.#agent,
            },
          );
          call.responded(statusCode);
          const text = await responseBody.text();
          if (method === 'GET' && statusCode === 404) return undefined;
          const reason = `The payment provider answered ${statusCode}`;
          if (isOutage(statusCode)) throw new Error(reason);
          if (statusCode !== 200) throw new UncountedError(reason);
          return Result.parse(JSON.parse(text));
        },
      }),
    );
  }
}
