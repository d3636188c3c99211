import {
  AddProductRequest,
  ChangeProductRequest,
  Product,
  ProductPage,
  ProductQuery,
} from '@fieldguide/contracts/catalog';
import {
  Registration,
  RegistrationRequest,
  Token,
  TokenRequest,
} from '@fieldguide/contracts/identity';
import { Replenishment, ReplenishmentRequest, Stock } from '@fieldguide/contracts/inventory';
import {
  Cancellation,
  Order,
  OrderPage,
  OrderQuery,
  PlaceOrderRequest,
  Timeline,
} from '@fieldguide/contracts/ordering';
import type { z } from 'zod';

export interface Route {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly path: `/${string}`;
  /** The service that answers. */
  readonly to: string;
  /** Who may come in; what they may do there is checked again by the service. */
  readonly who: 'anyone' | 'signedIn';
  /** The status of success. */
  readonly status: number;
  readonly summary: string;
  readonly more: {
    readonly limit?: 'signIn';
    /** Needs an Idempotency-Key. */
    readonly key?: true;
    /** Needs an If-Match with the version that was read. */
    readonly version?: true;
    /** Takes or gives a Consistency-Token: a read that is not older than a write. */
    readonly consistent?: true;
    readonly query?: z.ZodType;
    readonly body?: z.ZodType;
    readonly answer?: z.ZodType;
  };
}

/** Everything the outside world can reach, in one table; the OpenAPI document is made of it. */
export const routes: readonly Route[] = [
  anyone('POST /auth/registrations', 'identity', 201, 'Register', {
    limit: 'signIn',
    body: RegistrationRequest,
    answer: Registration,
  }),
  anyone('POST /auth/tokens', 'identity', 200, 'Sign in, or refresh', {
    limit: 'signIn',
    body: TokenRequest,
    answer: Token,
  }),
  signedIn('DELETE /auth/tokens', 'identity', 204, 'Sign out'),
  signedIn('DELETE /accounts/me', 'identity', 202, 'Erase the account and everything personal'),
  anyone('GET /.well-known/jwks.json', 'identity', 200, 'Public keys'),
  anyone('GET /products', 'catalog', 200, 'List products', {
    query: ProductQuery,
    answer: ProductPage,
  }),
  anyone('GET /products/:id', 'catalog', 200, 'One product', { answer: Product }),
  signedIn('POST /products', 'catalog', 201, 'Add a product (staff)', {
    body: AddProductRequest,
    answer: Product,
  }),
  signedIn('PATCH /products/:id', 'catalog', 200, 'Reprice or retire a product (staff)', {
    version: true,
    body: ChangeProductRequest,
    answer: Product,
  }),
  anyone('GET /stock/:productId', 'inventory', 200, 'Stock of a product', { answer: Stock }),
  signedIn('POST /stock/:productId/replenishments', 'inventory', 201, 'Add stock (staff)', {
    key: true,
    body: ReplenishmentRequest,
    answer: Replenishment,
  }),
  signedIn('POST /orders', 'ordering', 201, 'Place an order', {
    key: true,
    consistent: true,
    body: PlaceOrderRequest,
    answer: Order,
  }),
  signedIn('GET /orders', 'ordering', 200, 'Own orders, newest first', {
    consistent: true,
    query: OrderQuery,
    answer: OrderPage,
  }),
  signedIn('GET /orders/:id', 'ordering', 200, 'One order', { consistent: true, answer: Order }),
  signedIn('GET /orders/:id/timeline', 'ordering', 200, 'What happened to an order', {
    consistent: true,
    answer: Timeline,
  }),
  signedIn(
    'POST /orders/:id/cancellation',
    'ordering',
    202,
    'Cancel an order, if it has not left',
    {
      consistent: true,
      answer: Cancellation,
    },
  ),
];

type Words = `${Route['method']} /${string}`;

function anyone(
  words: Words,
  to: string,
  status: number,
  summary: string,
  more: Route['more'] = {},
) {
  return route(words, to, 'anyone', status, summary, more);
}

function signedIn(
  words: Words,
  to: string,
  status: number,
  summary: string,
  more: Route['more'] = {},
) {
  return route(words, to, 'signedIn', status, summary, more);
}

function route(
  words: Words,
  to: string,
  who: Route['who'],
  status: number,
  summary: string,
  more: Route['more'],
): Route {
  const [method, path] = words.split(' ') as [Route['method'], Route['path']];
  return { method, path, to, who, status, summary, more };
}
