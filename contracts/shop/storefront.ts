import type { z } from 'zod';
import type { AddProductRequest, ChangeProductRequest } from '../catalog/index.ts';
import type { RegistrationRequest, TokenRequest } from '../identity/index.ts';
import type { PlaceOrderRequest } from '../ordering/index.ts';
import { Problem } from '../problem.ts';
import * as reads from './index.ts';

const TIMEOUT_MS = 10_000;

/** The API returned a problem: `problem.type` is for the program, `problem.title` for the user. */
export class ApiError extends Error {
  override name = 'ApiError';
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.title);
    this.problem = problem;
  }
}

interface RequestOptions<Body> {
  readonly response?: z.ZodType<Body>;
  readonly body?: object;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * The shop as a storefront sees it, through the gateway. After `signIn` it acts for that customer, and what it has seen
 * once it is never shown older (Consistency-Token).
 * Every method throws ApiError for a problem, and TypeError or TimeoutError without a response within 10 s.
 */
export class StorefrontClient {
  readonly #origin: string;
  #token: string | undefined;
  #seen: string | undefined;

  /** @param origin of the gateway, for example `http://127.0.0.1:3000` @param token of a signed-in caller */
  constructor(origin: string, token?: string) {
    this.#origin = origin;
    this.#token = token;
  }

  register(body: RegistrationRequest) {
    return this.#read('POST', '/auth/registrations', { body, response: reads.Registered });
  }

  async signIn(body: TokenRequest) {
    const signedIn = await this.#read('POST', '/auth/tokens', { body, response: reads.SignedIn });
    this.#token = signedIn.accessToken;
    return signedIn;
  }

  async signOut(): Promise<void> {
    await this.#send('DELETE', '/auth/tokens');
    this.#token = undefined;
  }

  async eraseMyAccount(): Promise<void> {
    await this.#send('DELETE', '/accounts/me');
    this.#token = undefined;
  }

  products(search: Readonly<Record<string, string>> = {}) {
    const query = new URLSearchParams(search).toString();
    return this.#read('GET', `/products${query && `?${query}`}`, { response: reads.Cards });
  }

  /** Returns the product with its `etag`, for `changeProduct`. */
  async product(id: string) {
    const { body, etag } = await this.#send('GET', `/products/${id}`);
    return { ...reads.Detail.parse(body), etag: etag ?? '' };
  }

  addProduct(body: AddProductRequest) {
    return this.#read('POST', '/products', { body, response: reads.Edited });
  }

  /** @throws ApiError when the product changed since it was read */
  changeProduct(id: string, etag: string, body: ChangeProductRequest) {
    const headers = { 'if-match': etag };
    return this.#read('PATCH', `/products/${id}`, { body, headers, response: reads.Edited });
  }

  availability(productId: string) {
    return this.#read('GET', `/stock/${productId}`, { response: reads.Availability });
  }

  /** @param key the same on every try of the same delivery */
  replenish(productId: string, units: number, key: string) {
    const options = { body: { units }, headers: keyed(key), response: reads.Replenished };
    return this.#read('POST', `/stock/${productId}/replenishments`, options);
  }

  /** @param key the same on every try of the same order */
  placeOrder(body: PlaceOrderRequest, key: string) {
    return this.#read('POST', '/orders', { body, headers: keyed(key), response: reads.Order });
  }

  orders() {
    return this.#read('GET', '/orders', { response: reads.Orders });
  }

  order(id: string) {
    return this.#read('GET', `/orders/${id}`, { response: reads.Order });
  }

  timeline(id: string) {
    return this.#read('GET', `/orders/${id}/timeline`, { response: reads.Timeline });
  }

  cancel(id: string) {
    return this.#read('POST', `/orders/${id}/cancellation`, { response: reads.Cancelled });
  }

  /** @param days `from` and `to`, maybe `productId` */
  sales(days: Readonly<Record<string, string>>) {
    const query = new URLSearchParams(days).toString();
    return this.#read('GET', `/sales?${query}`, { response: reads.Sales });
  }

  async #read<Body>(
    method: string,
    path: string,
    options: RequestOptions<Body> & { response: z.ZodType<Body> },
  ): Promise<Body> {
    const { body } = await this.#send(method, path, options);
    return options.response.parse(body);
  }

  async #send(method: string, path: string, { body, headers }: RequestOptions<unknown> = {}) {
    const response = await fetch(this.#origin + path, {
      method,
      headers: {
        ...(this.#token && { authorization: `Bearer ${this.#token}` }),
        ...(body && { 'content-type': 'application/json' }),
        ...(this.#seen && { 'consistency-token': this.#seen }),
        ...headers,
      },
      ...(body && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const text = await response.text();
    const read: unknown = text ? JSON.parse(text) : undefined;
    if (!response.ok) throw new ApiError(Problem.parse(read));
    this.#seen = response.headers.get('consistency-token') ?? this.#seen;
    return { body: read, etag: response.headers.get('etag') };
  }
}

const keyed = (key: string) => ({ 'idempotency-key': key });
