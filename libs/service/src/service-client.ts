import type { Clock } from '@fieldguide/clock';
import type { Registry } from '@fieldguide/discovery';
import { CallFailed, Guard, isOutage, UncountedError } from '@fieldguide/resilience';
import { inSpan, metrics, traceInto } from '@fieldguide/telemetry';
import { Agent, request } from 'undici';
import { z } from 'zod';

export interface PeerCall<Answer> {
  readonly peer: string;
  readonly method?: 'GET' | 'POST';
  /** The path with its values. */
  readonly path: string;
  /** The path's pattern, for metrics: `/products/:id`. */
  readonly route: string;
  readonly body?: object;
  /** What the caller reads of a 2xx answer. */
  readonly answer: z.ZodType<Answer>;
  /** Calls in the service's own name, with a token from identity. */
  readonly asService?: boolean;
}

const TIME_LIMIT_MS = 2_000;
const TOKEN_SPARE_MS = 30_000;

/** What is read of a token that identity made for a service. */
export const TokenAnswer = z.object({ accessToken: z.string(), expiresInSeconds: z.number() });

/**
 * Calls other services by name: an instance from the registry, a time limit, a breaker for each peer, retries for
 * reads only, the trace goes along.
 */
export class Peers {
  readonly #service: string;
  readonly #secret: string | undefined;
  readonly #registry: Registry;
  readonly #clock: Clock;
  readonly #guards = new Map<string, Guard>();
  readonly #agent = new Agent({ keepAliveTimeout: 30_000, connect: { timeout: 1_000 } });
  #token: { text: string; until: Date } | undefined;
  #renewing: Promise<string> | undefined;

  constructor(service: string, secret: string | undefined, registry: Registry, clock: Clock) {
    this.#service = service;
    this.#secret = secret;
    this.#registry = registry;
    this.#clock = clock;
  }

  /**
   * @returns the checked answer, or undefined for 404
   * @throws CallFailed
   */
  async call<Answer>(call: PeerCall<Answer>): Promise<Answer | undefined> {
    const { peer, route, asService } = call;
    const token = asService ? await this.serviceToken() : undefined;
    let outcome = 'failed';
    try {
      const answer = await inSpan('client', `${peer} ${route}`, { peer, route }, () =>
        this.#guardFor(call).run((signal) => this.#send(call, token, signal)),
      );
      outcome = 'ok';
      return answer;
    } finally {
      metrics.httpClientCalls.inc({ peer, route, outcome });
    }
  }

  async close(): Promise<void> {
    for (const guard of this.#guards.values()) guard.close();
    await this.#agent.close();
  }

  async #send<Answer>(
    { peer, method = 'GET', path, body, answer }: PeerCall<Answer>,
    token: string | undefined,
    signal: AbortSignal,
  ): Promise<Answer | undefined> {
    await this.#registry.known(peer, 500);
    const now = this.#clock.now().getTime();
    const instance = this.#registry.pick(peer, now);
    if (!instance) throw new Error(`no healthy instance of ${peer} is known`);
    const attempt = async (bearer: string | undefined) => {
      const headers = traceInto({
        ...(body && { 'content-type': 'application/json' }),
        ...(bearer && { authorization: `Bearer ${bearer}` }),
      }) as Record<string, string>;
      const response = await request(`http://${instance.address}:${instance.port}${path}`, {
        method,
        headers,
        ...(body && { body: JSON.stringify(body) }),
        signal,
        dispatcher: this.#agent,
      }).catch((error: unknown) => {
        this.#registry.avoid(instance.id, now);
        throw error;
      });
      return { status: response.statusCode, text: await response.body.text() };
    };
    let { status, text } = await attempt(token);
    // The keys may have changed, or the client's session has ended: once with another token, then it is a failure.
    if (status === 401 && token) ({ status, text } = await attempt(await this.#otherToken(token)));
    if (status === 404) return undefined;
    if (isOutage(status)) throw new Error(`${peer} answered ${status}`);
    if (status >= 300) throw new UncountedError(`${peer} answered ${status}`);
    return readable(peer, text, answer);
  }

  /**
   * A token in the service's own name, kept until shortly before it expires.
   * @throws CallFailed
   */
  async serviceToken(): Promise<string> {
    if (this.#token && this.#token.until > this.#clock.now()) return this.#token.text;
    if (!this.#secret) throw new CallFailed('identity', new Error('CLIENT_SECRET is not set'));
    const made = await this.call({
      peer: 'identity',
      method: 'POST',
      path: '/auth/tokens',
      route: '/auth/tokens',
      body: { grantType: 'clientCredentials', clientId: this.#service, clientSecret: this.#secret },
      answer: TokenAnswer,
    });
    if (!made) throw new CallFailed('identity', new Error('no token endpoint'));
    const until = this.#clock.fromNow(made.expiresInSeconds * 1_000 - TOKEN_SPARE_MS);
    this.#token = { text: made.accessToken, until };
    return made.accessToken;
  }

  /** A token other than the refused one; calls that were refused at the same time ask identity once. */
  async #otherToken(refused: string): Promise<string> {
    if (this.#token?.text === refused) this.#token = undefined;
    this.#renewing ??= this.serviceToken().finally(() => {
      this.#renewing = undefined;
    });
    return this.#renewing;
  }

  #guardFor({ peer, method = 'GET' }: PeerCall<unknown>): Guard {
    // Asking for a token or an answer is safe to repeat, deciding something is not.
    const name = `${peer} ${method}`;
    const guard =
      this.#guards.get(name) ??
      new Guard({
        name,
        timeLimitMs: TIME_LIMIT_MS,
        retries: method === 'GET' ? 2 : 0,
        clock: this.#clock,
      });
    this.#guards.set(name, guard);
    return guard;
  }
}

/** An answer that is not what was agreed is a fault of the contract, and asking again does not mend it. */
function readable<Answer>(peer: string, text: string, answer: z.ZodType<Answer>): Answer {
  try {
    return answer.parse(JSON.parse(text));
  } catch (error) {
    throw new UncountedError(`${peer}: ${(error as Error).message}`, { cause: error });
  }
}
