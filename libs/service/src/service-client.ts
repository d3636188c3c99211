import type { Clock } from '@fieldguide/clock';
import type { Endpoint, ServiceRegistry } from '@fieldguide/discovery';
import {
  CallFailedError,
  DEADLINE_HEADER,
  InstanceFailedError,
  isOutage,
  Policies,
  type TimeLimit,
  UncountedError,
  UnsentError,
  withDeadline,
} from '@fieldguide/resilience';
import { type ObservedCall, observeCall, traceInto } from '@fieldguide/telemetry';
import { Agent, request } from 'undici';
import { z } from 'zod';
import { type ClientCredentials, requestToken, type TokenEndpoint } from './request-token.ts';

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

const TOKEN_SPARE_MS = 30_000;

/** Fields that are read of a token response. */
export const TokenResponse = z.object({ accessToken: z.string(), expiresInSeconds: z.number() });

interface Response {
  readonly status: number;
  readonly text: string;
}

/**
 * Calls other services by name: selects an instance from the registry, has one policy for each peer, retries reads and
 * what was not sent on another instance, and propagates the trace and the deadline.
 */
export class ServiceClient {
  readonly #service: string;
  readonly #secret: string | undefined;
  readonly #registry: ServiceRegistry;
  readonly #clock: Clock;
  readonly #policies: Policies;
  readonly #tokenEndpoint: TokenEndpoint | undefined;
  readonly #agent = new Agent({ keepAliveTimeout: 30_000, connect: { timeout: 1_000 } });
  #token: { text: string; until: Date } | undefined;
  #renewing: Promise<string> | undefined;

  constructor(
    service: string,
    secret: string | undefined,
    registry: ServiceRegistry,
    clock: Clock,
    policies = new Policies(clock),
    tokenEndpoint?: TokenEndpoint,
  ) {
    this.#service = service;
    this.#secret = secret;
    this.#registry = registry;
    this.#clock = clock;
    this.#policies = policies;
    this.#tokenEndpoint = tokenEndpoint;
  }

  /**
   * @returns the validated response, or undefined for 404
   * @throws CallFailedError
   */
  async call<Answer>(call: ServiceCall<Answer>): Promise<Answer | undefined> {
    const { peer, method = 'GET', withServiceToken } = call;
    const token = withServiceToken ? await this.serviceToken() : undefined;
    return observeCall({ ...call, method }, (observed) => {
      let except: Endpoint | undefined;
      return this.#policies.of(peer).run({
        send: async (limit) => {
          await this.#registry.waitFor(peer, 500);
          const endpoint = this.#registry.next(peer, this.#clock.now().getTime(), { except });
          if (!endpoint) throw new UnsentError(`no healthy instance of ${peer} is known`);
          except = endpoint;
          return this.#send(call, token, limit, observed, endpoint);
        },
        mayRepeat: () => method === 'GET',
      });
    });
  }

  async close(): Promise<void> {
    this.#policies.close();
    await this.#agent.close();
  }

  async #send<Answer>(
    call: ServiceCall<Answer>,
    token: string | undefined,
    limit: TimeLimit,
    observed: ObservedCall,
    endpoint: Endpoint,
  ): Promise<Answer | undefined> {
    const { peer, responseSchema } = call;
    const startMs = performance.now();
    const ended = (outcome: 'ok' | 'failed' | 'unreachable') =>
      endpoint.ended(outcome, performance.now() - startMs, this.#clock.now().getTime());
    let response: Response;
    try {
      response = await this.#request(call, token, limit, observed, endpoint);
      // The keys may have changed, or the client's session has ended: retry once with a new token.
      if (response.status === 401 && token) {
        const renewed = await this.#renewToken(token);
        response = await this.#request(call, renewed, limit, observed, endpoint);
      }
    } catch (error) {
      ended(error instanceof UnsentError ? 'unreachable' : 'failed');
      throw endpoint.isEjected ? new InstanceFailedError(error) : error;
    }
    const { status, text } = response;
    const hasFailed = status >= 500;
    ended(hasFailed ? 'failed' : 'ok');
    if (status === 404) return undefined;
    if (isOutage(status)) {
      const error = new Error(`${peer} returned ${status}`);
      throw endpoint.isEjected ? new InstanceFailedError(error) : error;
    }
    if (status >= 300) throw new UncountedError(`${peer} returned ${status}`);
    return parseResponse(peer, text, responseSchema);
  }

  async #request(
    { method = 'GET', path, body }: ServiceCall<unknown>,
    bearer: string | undefined,
    { signal, endsAt }: TimeLimit,
    observed: ObservedCall,
    { instance: { address, port } }: Endpoint,
  ): Promise<Response> {
    const headers = traceInto({
      [DEADLINE_HEADER]: String(endsAt),
      ...(body && { 'content-type': 'application/json' }),
      ...(bearer && { authorization: `Bearer ${bearer}` }),
    }) as Record<string, string>;
    observed.sentTo(address, port);
    const response = await request(`http://${address}:${port}${path}`, {
      method,
      headers,
      ...(body && { body: JSON.stringify(body) }),
      signal,
      dispatcher: this.#agent,
    }).catch((error: Error & { code?: string }) => {
      throw isUnsent(error.code) ? new UnsentError(error.message, { cause: error }) : error;
    });
    observed.responded(response.statusCode);
    return { status: response.statusCode, text: await response.body.text() };
  }

  /**
   * A token of this service, cached until shortly before it expires.
   * @throws CallFailedError
   */
  async serviceToken(): Promise<string> {
    if (this.#token && this.#token.until > this.#clock.now()) return this.#token.text;
    if (!this.#secret) throw new CallFailedError('identity', new Error('CLIENT_SECRET is not set'));
    const credentials = { clientId: this.#service, clientSecret: this.#secret };
    const { accessToken, expiresInSeconds } = this.#tokenEndpoint
      ? await requestToken(this.#tokenEndpoint, credentials)
      : await this.#tokenOfIdentity(credentials);
    const until = this.#clock.fromNow(expiresInSeconds * 1_000 - TOKEN_SPARE_MS);
    this.#token = { text: accessToken, until };
    return accessToken;
  }

  async #tokenOfIdentity(credentials: ClientCredentials): Promise<z.infer<typeof TokenResponse>> {
    const body = { grantType: 'clientCredentials', ...credentials };
    const [peer, path] = ['identity', '/auth/tokens'];
    // Several callers share the token: the deadline of one does not end the request for it.
    const made = await withDeadline(undefined, () =>
      this.call({ peer, method: 'POST', path, route: path, body, responseSchema: TokenResponse }),
    );
    if (!made) throw new CallFailedError('identity', new Error('no token endpoint'));
    return made;
  }

  /** Replaces a rejected token; concurrent calls share one request to identity. */
  async #renewToken(rejected: string): Promise<string> {
    if (this.#token?.text === rejected) this.#token = undefined;
    this.#renewing ??= this.serviceToken().finally(() => {
      this.#renewing = undefined;
    });
    return this.#renewing;
  }
}

const isUnsent = (code: string | undefined) =>
  code === 'ECONNREFUSED' || code === 'UND_ERR_CONNECT_TIMEOUT';

/** Validates a response. An invalid one violates the contract, so a retry does not help. */
function parseResponse<Answer>(peer: string, text: string, answer: z.ZodType<Answer>): Answer {
  try {
    return answer.parse(JSON.parse(text));
  } catch (error) {
    throw new UncountedError(`${peer}: ${(error as Error).message}`, { cause: error });
  }
}
