import { setTimeout as sleep } from 'node:timers/promises';
import type { Order, Timeline } from '@fieldguide/contracts/ordering';

const ANSWER_WITHIN_MS = 10_000;
const LOOK_EVERY_MS = 40;

export interface Answer<Body> {
  readonly status: number;
  readonly body: Body;
}

/** Somebody at the shop's front door: everything goes through the gateway. */
export class Visitor {
  readonly #gatewayUrl: string;
  #token: string | undefined;
  /** What was seen last: a view must not show us less. */
  #seen: string | undefined;

  constructor(gatewayUrl: string) {
    this.#gatewayUrl = gatewayUrl;
  }

  async signIn(email: string, password: string): Promise<Answer<unknown>> {
    const body = { grantType: 'password', email, password };
    const answer = await this.send<{ accessToken: string }>('POST', '/auth/tokens', { body });
    this.#token = answer.body.accessToken;
    return answer;
  }

  async send<Body>(
    method: string,
    path: string,
    { body, key }: { body?: object; key?: string } = {},
  ): Promise<Answer<Body>> {
    const answer = await fetch(this.#gatewayUrl + path, {
      method,
      headers: {
        ...(this.#token && { authorization: `Bearer ${this.#token}` }),
        ...(body && { 'content-type': 'application/json' }),
        ...(key && { 'idempotency-key': key }),
        ...(this.#seen && { 'consistency-token': this.#seen }),
      },
      ...(body && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
    });
    this.#seen = answer.headers.get('consistency-token') ?? this.#seen;
    const text = await answer.text();
    return { status: answer.status, body: (text ? JSON.parse(text) : undefined) as Body };
  }

  order(id: string): Promise<Answer<Order>> {
    return this.send('GET', `/orders/${id}`);
  }

  /** Each fact of an order as soon as it can be seen, until one of these types. @throws after `limitMs` */
  async *facts(
    id: string,
    until: readonly string[],
    limitMs: number,
  ): AsyncGenerator<Timeline['items'][number]> {
    const end = performance.now() + limitMs;
    for (let seen = 0; ; ) {
      const { status, body } = await this.send<Timeline>('GET', `/orders/${id}/timeline`);
      const fresh = status === 200 ? body.items.slice(seen) : []; // an instance may just be replaced
      for (const fact of fresh) {
        seen += 1;
        yield fact;
        if (until.includes(fact.type)) return;
      }
      if (performance.now() > end)
        throw new Error(`Order ${id} has none of ${until.join(', ')} after ${limitMs} ms`);
      await sleep(LOOK_EVERY_MS);
    }
  }
}
