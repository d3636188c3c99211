import { setTimeout as sleep } from 'node:timers/promises';
import type { Order, Timeline } from '@fieldguide/contracts/ordering';

const RESPONSE_TIMEOUT_MS = 10_000;
const POLL_MS = 40;

export interface HttpResponse<Body> {
  readonly status: number;
  readonly body: Body;
}

/** A customer of the shop; sends every request through the gateway. */
export class Visitor {
  readonly #gatewayUrl: string;
  #token: string | undefined;
  /** The last consistency token: a later read must not be older. */
  #seen: string | undefined;

  constructor(gatewayUrl: string) {
    this.#gatewayUrl = gatewayUrl;
  }

  async signIn(email: string, password: string): Promise<HttpResponse<unknown>> {
    const body = { grantType: 'password', email, password };
    const response = await this.send<{ accessToken: string }>('POST', '/auth/tokens', { body });
    this.#token = response.body.accessToken;
    return response;
  }

  async send<Body>(
    method: string,
    path: string,
    { body, key }: { body?: object; key?: string } = {},
  ): Promise<HttpResponse<Body>> {
    const response = await fetch(this.#gatewayUrl + path, {
      method,
      headers: {
        ...(this.#token && { authorization: `Bearer ${this.#token}` }),
        ...(body && { 'content-type': 'application/json' }),
        ...(key && { 'idempotency-key': key }),
        ...(this.#seen && { 'consistency-token': this.#seen }),
      },
      ...(body && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(RESPONSE_TIMEOUT_MS),
    });
    this.#seen = response.headers.get('consistency-token') ?? this.#seen;
    const text = await response.text();
    return { status: response.status, body: (text ? JSON.parse(text) : undefined) as Body };
  }

  order(id: string): Promise<HttpResponse<Order>> {
    return this.send('GET', `/orders/${id}`);
  }

  /** Yields each event of an order as soon as it is visible, until one of these types. @throws after `limitMs` */
  async *events(
    id: string,
    untilTypes: readonly string[],
    limitMs: number,
  ): AsyncGenerator<Timeline['items'][number]> {
    const end = performance.now() + limitMs;
    for (let seen = 0; ; ) {
      const { status, body } = await this.send<Timeline>('GET', `/orders/${id}/timeline`);
      const added = status === 200 ? body.items.slice(seen) : []; // an instance is being replaced
      for (const event of added) {
        seen += 1;
        yield event;
        if (untilTypes.includes(event.type)) return;
      }
      if (performance.now() > end)
        throw new Error(`Order ${id} has none of ${untilTypes.join(', ')} after ${limitMs} ms`);
      await sleep(POLL_MS);
    }
  }
}
