import type { AddProductRequest, ChangeProductRequest } from '@fieldguide/contracts/catalog';
import type {
  PasswordChange,
  RegistrationRequest,
  TokenRequest,
} from '@fieldguide/contracts/identity';
import type { PlaceOrderRequest } from '@fieldguide/contracts/ordering';
import type { z } from 'zod';
import { ApiError, problemIn, retryAfterOf } from './api-error.ts';
import * as reads from './reads.ts';
import { staleSince } from './stale.ts';
import { FixedToken, type Tokens } from './tokens.ts';

const TIMEOUT_MS = 10_000;

interface RequestOptions<Body> {
  readonly response?: z.ZodType<Body>;
  readonly body?: object;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * The shop as a storefront sees it, through the gateway. What it has seen once it is never shown older
 * (Consistency-Token). A request whose token was rejected is sent once more with a renewed one: it was not executed.
 * Every method throws ApiError for a problem, and TypeError or TimeoutError without a response within 10 s.
 */
export class StorefrontClient {
  readonly #origin: string;
  #tokens: Tokens;
  #seen: string | undefined;

  /** @param origin of the gateway, for example `http://127.0.0.1:3000` @param tokens of a signed-in caller */
  constructor(origin: string, tokens?: Tokens | string) {
    this.#origin = origin;
    this.#tokens = typeof tokens === 'object' ? tokens : new FixedToken(tokens);
  }

  register(body: RegistrationRequest) {
    return this.#read('POST', '/auth/registrations', { body, response: reads.Registered });
  }

  /** With a password or a refresh token. A client without tokens of its own acts for this customer from then on. */
  async signIn(body: TokenRequest) {
    const signedIn = await this.#read('POST', '/auth/tokens', { body, response: reads.SignedIn });
    if (this.#tokens instanceof FixedToken) this.#tokens = new FixedToken(signedIn.accessToken);
    return signedIn;
  }

  async signOut(): Promise<void> {
    await this.#send('DELETE', '/auth/tokens');
  }

  sessions() {
    return this.#read('GET', '/auth/sessions', { response: reads.SessionList });
  }

  async endSession(id: string): Promise<void> {
    await this.#send('DELETE', `/auth/sessions/${id}`);
  }

  async endOtherSessions(): Promise<void> {
    await this.#send('DELETE', '/auth/sessions');
  }

  /** Ends all other sessions, too. */
  async changePassword(body: PasswordChange): Promise<void> {
    await this.#send('PUT', '/auth/password', { body });
  }

  async eraseMyAccount(): Promise<void> {
    await this.#send('DELETE', '/accounts/me');
  }

  async products(search: Readonly<Record<string, string>> = {}) {
    const query = new URLSearchParams(search).toString();
    const { body, stale } = await this.#send('GET', `/products${query && `?${query}`}`);
    return { ...reads.Cards.parse(body), ...stale };
  }

  /** Returns the product with its `etag`, for `changeProduct`. */
  async product(id: string) {
    const { body, etag, stale } = await this.#send('GET', `/products/${id}`);
    return { ...reads.Detail.parse(body), ...stale, etag: etag ?? '' };
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

  orders(page: Readonly<Record<string, string>> = {}) {
    const query = new URLSearchParams(page).toString();
    return this.#read('GET', `/orders${query && `?${query}`}`, { response: reads.Orders });
  }

  order(id: string) {
    return this.#read('GET', `/orders/${id}`, { response: reads.Order });
  }

  /** @param known the etag of an earlier answer @returns undefined while nothing has happened since */
  async timeline(id: string, known?: string) {
    const headers: Record<string, string> = known ? { 'if-none-match': known } : {};
    const { body, etag } = await this.#send('GET', `/orders/${id}/timeline`, { headers });
    return body === undefined ? undefined : { ...reads.Timeline.parse(body), etag: etag ?? '' };
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

  async #send(method: string, path: string, options: RequestOptions<unknown> = {}) {
    const token = await this.#tokens.current();
    let response = await this.#fetch(method, path, token, options);
    const renewed = response.status === 401 && token && (await this.#tokens.renew(token));
    if (renewed) response = await this.#fetch(method, path, renewed, options);
    const text = await response.text();
    if (!response.ok && response.status !== 304)
      throw new ApiError(problemIn(text, response), retryAfterOf(response));
    this.#seen = response.headers.get('consistency-token') ?? this.#seen;
    const body: unknown = text ? JSON.parse(text) : undefined;
    const stale = staleSince(response.headers, Date.now());
    return { body, etag: response.headers.get('etag'), stale };
  }

  #fetch(
    method: string,
    path: string,
    token: string | undefined,
    { body, headers }: RequestOptions<unknown>,
  ): Promise<Response> {
    return fetch(this.#origin + path, {
      method,
      headers: {
        ...(token && { authorization: `Bearer ${token}` }),
        ...(body && { 'content-type': 'application/json' }),
        ...(this.#seen && { 'consistency-token': this.#seen }),
        ...headers,
      },
      ...(body && { body: JSON.stringify(body) }),
      cache: 'no-store',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  }
}

const keyed = (key: string) => ({ 'idempotency-key': key });
