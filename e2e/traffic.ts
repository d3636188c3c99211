import { setTimeout as sleep } from 'node:timers/promises';
import { Order } from '@fieldguide/contracts/ordering';
import { inject } from 'vitest';
import { product, shipTo } from './shop.ts';

const REPEAT_FOR_MS = 10_000;
const ENDS_WITHIN_MS = 60_000;
const READS = [
  '/products?limit=5',
  `/products/${product.plenty}`,
  `/stock/${product.plenty}`,
  '/orders?limit=5',
];

export interface Outcome {
  /** Ids of orders that were acknowledged. */
  readonly orders: Set<string>;
  /** Number of distinct orders sent. */
  sent: number;
  readonly reads: number;
  /** Number of retried order requests. */
  repeats: number;
  /** Count of each unexpected response or connection error. */
  readonly failures: Record<string, number>;
}

/** Sends a customer's requests at a fixed rate, independent of response times (an open loop). */
export class Traffic {
  readonly #url: string;
  readonly #name: string;
  readonly #pace: number;
  #token = '';

  /** @param pace factor for request rates on this machine, from `measurePace` */
  constructor(url: string, name: string, pace = inject('pace')) {
    this.#url = url;
    this.#name = name;
    this.#pace = pace;
  }

  /** Registers the customer, or signs in again: tokens last five minutes. */
  async signIn(): Promise<void> {
    const account = { email: `${this.#name}@fieldguide.test`, password: 'correct horse' };
    await this.#send('POST', '/auth/registrations', { ...account, name: 'Bo' });
    const response = await this.#send('POST', '/auth/tokens', {
      grantType: 'password',
      ...account,
    });
    this.#token = ((await response.json()) as { accessToken: string }).accessToken;
  }

  /** @param repeat retries an order with the same key after a connection error or 5xx, for ten seconds at most */
  async run(
    { readsPerSecond = 0, ordersPerSecond = 0 },
    until: AbortSignal,
    repeat = false,
  ): Promise<Outcome> {
    const outcome = { orders: new Set<string>(), sent: 0, reads: 0, repeats: 0, failures: {} };
    const every = async (wanted: number, work: (n: number) => Promise<void>) => {
      const perSecond = wanted * this.#pace;
      const all: Promise<void>[] = [];
      const startMs = performance.now();
      for (let n = 0; perSecond > 0 && !until.aborted; n++) {
        await sleep(Math.max(0, startMs + (n * 1_000) / perSecond - performance.now()));
        all.push(work(n));
      }
      await Promise.all(all);
    };
    await Promise.all([
      every(readsPerSecond, (n) => this.#read(n, outcome)),
      every(ordersPerSecond, (n) => this.#order(n, outcome, repeat)),
    ]);
    return outcome;
  }

  /** Places orders with up to `inFlight` concurrent requests. @returns their ids */
  async placeAll(count: number, inFlight: number): Promise<ReadonlySet<string>> {
    const outcome = { orders: new Set<string>(), sent: 0, reads: 0, repeats: 0, failures: {} };
    let next = 0;
    const one = async () => {
      while (next < count) await this.#order(next++, outcome, true);
    };
    await Promise.all(Array.from({ length: inFlight }, one));
    return outcome.orders;
  }

  /** Waits up to a minute. @returns the orders that are not completed by then */
  notCompleted(orders: ReadonlySet<string>): Promise<string[]> {
    return this.#notInStatus(orders, ['completed']);
  }

  /** Waits up to a minute. @returns the orders that are not completed, rejected or cancelled by then */
  notEnded(orders: ReadonlySet<string>): Promise<string[]> {
    return this.#notInStatus(orders, ['completed', 'rejected', 'cancelled']);
  }

  async #notInStatus(orders: ReadonlySet<string>, wanted: readonly string[]): Promise<string[]> {
    await this.signIn();
    const end = performance.now() + ENDS_WITHIN_MS;
    let open = [...orders];
    while (open.length > 0 && performance.now() < end) {
      const done = await Promise.all(
        open.map(async (id) => {
          const response = await this.#send('GET', `/orders/${id}`).catch(() => undefined);
          if (response?.status !== 200) return undefined;
          return wanted.includes(Order.parse(await response.json()).status) ? id : undefined;
        }),
      );
      open = open.filter((id) => !done.includes(id));
      if (open.length > 0) await sleep(200);
    }
    return open;
  }

  /** Counts this customer's orders in the shop. */
  async count(): Promise<number> {
    let [count, cursor]: [number, string | null] = [0, ''];
    while (cursor !== null) {
      const path: string = `/orders?limit=100${cursor && `&cursor=${cursor}`}`;
      const page = (await (await this.#send('GET', path)).json()) as {
        items: unknown[];
        nextCursor: string | null;
      };
      count += page.items.length;
      cursor = page.nextCursor;
    }
    return count;
  }

  async #read(n: number, outcome: Outcome & { reads: number }): Promise<void> {
    const path = READS[n % READS.length]!;
    // Every fifth read uses its own connection, the others keep-alive.
    const result = await this.#try(
      'GET',
      path,
      undefined,
      n % 5 === 0 ? { connection: 'close' } : {},
    );
    outcome.reads += 1;
    if (typeof result === 'string') count(outcome, `GET ${path}: ${result}`);
  }

  async #order(n: number, outcome: Outcome, repeat: boolean): Promise<void> {
    const body = {
      lines: [{ productId: product.plenty, quantity: 1 }],
      payment: { token: 'tok_ok' },
      shipTo,
    };
    outcome.sent += 1;
    const refusedEnd = performance.now() + ENDS_WITHIN_MS;
    const end = performance.now() + (repeat ? REPEAT_FOR_MS : 0);
    for (;;) {
      const response = await this.#try('POST', '/orders', body, {
        'idempotency-key': `${this.#name}-${n}`,
      });
      if (typeof response !== 'string') {
        outcome.orders.add((response as Order).id);
        return;
      }
      // Not a failure: the shop is overloaded, and a repeat after Retry-After succeeds.
      const mayRepeat = performance.now() < (isOverload(response) ? refusedEnd : end);
      if (/^4/.test(response) || !mayRepeat) return count(outcome, `POST: ${response}`);
      outcome.repeats += 1;
      await sleep(200);
    }
  }

  /** Returns the body of a 2xx response, or the reason of the failure as text. */
  async #try(method: string, path: string, body?: object, headers = {}): Promise<unknown> {
    try {
      const response = await this.#send(method, path, body, headers);
      const text = await response.text();
      return response.ok ? JSON.parse(text) : `${response.status} ${text.slice(0, 200)}`;
    } catch (error) {
      const { message, cause } = error as Error;
      return (cause as { code?: string } | undefined)?.code ?? message;
    }
  }

  #send(method: string, path: string, body?: object, headers = {}): Promise<Response> {
    return fetch(this.#url + path, {
      method,
      headers: {
        ...(this.#token && { authorization: `Bearer ${this.#token}` }),
        ...(body && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(15_000),
    });
  }
}

const isOverload = (response: string) => /^503 .*overloaded"/i.test(response);

function count({ failures }: Outcome, what: string): void {
  failures[what] = (failures[what] ?? 0) + 1;
}
