import type { Clock } from '@fieldguide/clock';
import type { ServiceRegistry } from '@fieldguide/discovery';
import {
  CallFailedError,
  isOutage,
  ResiliencePolicy,
  UncountedError,
} from '@fieldguide/resilience';
import { type ObservedCall, observeCall, traceInto } from '@fieldguide/telemetry';
import { Agent, request } from 'undici';
import { z } from 'zod';

export interface ServiceCall<Answer> {
  readonly peer: string;
  readonly method?: 'GET' | 'POST';
  /** The path with its parameter values. */
  readonly path: string;
  /** The path's pattern, for metrics: `/products/:id`. */
  readonly route: string;
  readonly body?: object;
  /** The fields that the caller reads of a 2xx response. */
  readonly responseSchema: z.ZodType<Answer>;
  /** Authenticates as this service, with a token from identity. */
  readonly withServiceToken?: boolean;
}

const TIME_LIMIT_MS = 2_000;
const TOKEN_SPARE_MS = 30_000;

/** Fields that are read of a token response. */
export const TokenResponse = z.object({ accessToken: z.string(), expiresInSeconds: z.number() });

/**
 * Calls other services by name: selects an instance from the registry, limits the time, has a breaker for each peer,
 * retries reads only, and propagates the trace.
 */
export class ServiceClient {
  readonly #service: string;
  readonly #secret: string | undefined;
  readonly #registry: ServiceRegistry;
  readonly #clock: Clock;
  readonly #policies = new Map<string, ResiliencePolicy>();
  readonly #agent = new Agent({ keepAliveTimeout: 30_000, connect: { timeout: 1_000 } });
  #token: { text: string; until: Date } | undefined;
  #renewing: Promise<string> | undefined;

  constructor(
    service: string,
    secret: string | undefined,
    registry: ServiceRegistry,
    clock: Clock,
  ) {
    this.#service = service;
    this.#secret = secret;
    this.#registry = registry;
    this.#clock = clock;
  }

  /**
   * @returns the validated response, or undefined for 404
   * @throws CallFailedError
   */
  async call<Answer>(call: ServiceCall<Answer>): Promise<Answer | undefined> {
    const { method = 'GET', withServiceToken } = call;
    const token = withServiceToken ? await this.serviceToken() : undefined;
    return observeCall({ ...call, method }, (observed) =>
      this.#policyFor(call).run((signal) => this.#send(call, token, signal, observed)),
    );
  }

  async close(): Promise<void> {
    for (const policy of this.#policies.values()) policy.close();
    await this.#agent.close();
  }

  async #send<Answer>(
    { peer, method = 'GET', path, body, responseSchema }: ServiceCall<Answer>,
    token: string | undefined,
    signal: AbortSignal,
    observed: ObservedCall,
  ): Promise<Answer | undefined> {
    await this.#registry.waitFor(peer, 500);
    const now = this.#clock.now().getTime();
    const instance = this.#registry.next(peer, now);
    if (!instance) throw new Error(`no healthy instance of ${peer} is known`);
    const attempt = async (bearer: string | undefined) => {
      const headers = traceInto({
        ...(body && { 'content-type': 'application/json' }),
        ...(bearer && { authorization: `Bearer ${bearer}` }),
      }) as Record<string, string>;
      observed.sentTo(instance.address, instance.port);
      const response = await request(`http://${instance.address}:${instance.port}${path}`, {
        method,
        headers,
        ...(body && { body: JSON.stringify(body) }),
        signal,
        dispatcher: this.#agent,
      }).catch((error: unknown) => {
        this.#registry.markUnreachable(instance.id, now);
        throw error;
      });
      observed.responded(response.statusCode);
      return { status: response.statusCode, text: await response.body.text() };
    };
    let { status, text } = await attempt(token);
    // The keys may have changed, or the client's session has ended: retry once with a new token.
    if (status === 401 && token) ({ status, text } = await attempt(await this.#renewToken(token)));
    if (status === 404) return undefined;
    if (isOutage(status)) throw new Error(`${peer} returned ${status}`);
    if (status >= 300) throw new UncountedError(`${peer} returned ${status}`);
    return parseResponse(peer, text, responseSchema);
  }

  /**
   * A token of this service, cached until shortly before it expires.
   * @throws CallFailedError
   */
  async serviceToken(): Promise<string> {
    if (this.#token && this.#token.until > this.#clock.now()) return this.#token.text;
    if (!this.#secret) throw new CallFailedError('identity', new Error('CLIENT_SECRET is not set'));
    const made = await this.call({
      peer: 'identity',
      method: 'POST',
      path: '/auth/tokens',
      route: '/auth/tokens',
      body: { grantType: 'clientCredentials', clientId: this.#service, clientSecret: this.#secret },
      responseSchema: TokenResponse,
    });
    if (!made) throw new CallFailedError('identity', new Error('no token endpoint'));
    const until = this.#clock.fromNow(made.expiresInSeconds * 1_000 - TOKEN_SPARE_MS);
    this.#token = { text: made.accessToken, until };
    return made.accessToken;
  }

  /** Replaces a rejected token; concurrent calls share one request to identity. */
  async #renewToken(rejected: string): Promise<string> {
    if (this.#token?.text === rejected) this.#token = undefined;
    this.#renewing ??= this.serviceToken().finally(() => {
      this.#renewing = undefined;
    });
    return this.#renewing;
  }

  #policyFor({ peer, method = 'GET' }: ServiceCall<unknown>): ResiliencePolicy {
    // Only reads are safe to repeat.
    const name = `${peer} ${method}`;
    const policy =
      this.#policies.get(name) ??
      new ResiliencePolicy({
        name,
        timeoutMs: TIME_LIMIT_MS,
        retries: method === 'GET' ? 2 : 0,
        clock: this.#clock,
      });
    this.#policies.set(name, policy);
    return policy;
  }
}

/** Validates a response. An invalid one violates the contract, so a retry does not help. */
function parseResponse<Answer>(peer: string, text: string, answer: z.ZodType<Answer>): Answer {
  try {
    return answer.parse(JSON.parse(text));
  } catch (error) {
    throw new UncountedError(`${peer}: ${(error as Error).message}`, { cause: error });
  }
}
