// Visitors of the shop, so that the rules have something to measure.
import { setTimeout as sleep } from 'node:timers/promises';
import { placeOrder } from '@fieldguide/contracts/ordering/examples';

const PRODUCT = '01900000-0000-7000-8000-000000000001';
const ACCOUNT = { email: 'prometheus@fieldguide.test', password: 'correct horse' };
const IN_FLIGHT_MAX = 50;
const ENDED = /^(completed|rejected|cancelled)$/;

export class ShopTraffic {
  readonly #url: string;
  readonly #ending = new AbortController();
  #token = '';
  #orders = 0;
  #inFlight = 0;

  constructor(gatewayUrl: string) {
    this.#url = gatewayUrl;
  }

  /** Five pages and one sign-in a second, until `stop`. */
  async start(): Promise<void> {
    await this.#send('POST', '/auth/registrations', { ...ACCOUNT, name: 'Bo' });
    await this.#signIn();
    const { signal } = this.#ending;
    void this.#every(200, signal, () => this.#send('GET', `/products/${PRODUCT}`));
    void this.#every(1_000, signal, () => this.#signIn());
  }

  stop(): void {
    this.#ending.abort();
  }

  /** One order a second, whether it is accepted or not, until the signal aborts. */
  orderEverySecond(signal: AbortSignal): void {
    void this.#every(1_000, signal, () => this.order());
  }

  /** Returns the id of an order that is accepted. */
  async order(): Promise<string | undefined> {
    const body = { ...placeOrder.value, lines: [{ productId: PRODUCT, quantity: 1 }] };
    const key = `prometheus-${++this.#orders}`;
    const response = await this.#send('POST', '/orders', body, { 'idempotency-key': key });
    const { id } = JSON.parse(response?.text || '{}') as { id?: string };
    return response?.status === 201 ? id : undefined;
  }

  /** Places orders, at most six at a time, and waits until they have ended. */
  async completeOrders(count: number): Promise<void> {
    let next = 0;
    const one = async () => {
      while (next++ < count) await this.#ended(await this.order());
    };
    await Promise.all(Array.from({ length: 6 }, one));
  }

  async #ended(id: string | undefined): Promise<void> {
    for (let tries = 0; id && tries < 300; tries++) {
      const response = await this.#send('GET', `/orders/${id}`);
      const { status = '' } = JSON.parse(response?.text || '{}') as { status?: string };
      if (response?.status === 200 && ENDED.test(status)) return;
      await sleep(200);
    }
  }

  /** During a fault of sign-ins the present token stays in use. */
  async #signIn(): Promise<void> {
    const response = await this.#send('POST', '/auth/tokens', {
      grantType: 'password',
      ...ACCOUNT,
    });
    if (response?.status === 200)
      this.#token = (JSON.parse(response.text) as { accessToken: string }).accessToken;
  }

  /** An open loop: a slow response delays no other request. */
  async #every(ms: number, signal: AbortSignal, work: () => Promise<unknown>): Promise<void> {
    while (!signal.aborted) {
      if (this.#inFlight < IN_FLIGHT_MAX) {
        this.#inFlight += 1;
        void work().finally(() => {
          this.#inFlight -= 1;
        });
      }
      await sleep(ms, undefined, { signal }).catch(() => undefined);
    }
  }

  /** Resolves with undefined when there is no response: faults cause that. */
  async #send(method: string, path: string, body?: object, headers: object = {}) {
    const init = {
      method,
      headers: {
        ...(this.#token && { authorization: `Bearer ${this.#token}` }),
        ...(body && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(15_000),
    };
    try {
      const response = await fetch(this.#url + path, init);
      return { status: response.status, text: await response.text() };
    } catch {
      return undefined;
    }
  }
}
