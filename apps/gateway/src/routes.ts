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
  readonly limit?: 'signIn';
  readonly summary: string;
  readonly query?: z.ZodType;
  readonly body?: z.ZodType;
  readonly status: number;
  readonly answer?: z.ZodType;
}

/** Everything the outside world can reach, in one table; the OpenAPI document is made of it. */
export const routes: readonly Route[] = [
  {
    method: 'POST',
    path: '/auth/registrations',
    to: 'identity',
    who: 'anyone',
    limit: 'signIn',
    summary: 'Register',
    body: RegistrationRequest,
    status: 201,
    answer: Registration,
  },
  {
    method: 'POST',
    path: '/auth/tokens',
    to: 'identity',
    who: 'anyone',
    limit: 'signIn',
    summary: 'Sign in, or refresh',
    body: TokenRequest,
    status: 200,
    answer: Token,
  },
  {
    method: 'DELETE',
    path: '/auth/tokens',
    to: 'identity',
    who: 'signedIn',
    summary: 'Sign out',
    status: 204,
  },
  {
    method: 'GET',
    path: '/.well-known/jwks.json',
    to: 'identity',
    who: 'anyone',
    summary: 'Public keys',
    status: 200,
  },
  {
    method: 'GET',
    path: '/products',
    to: 'catalog',
    who: 'anyone',
    summary: 'List products',
    query: ProductQuery,
    status: 200,
    answer: ProductPage,
  },
  {
    method: 'GET',
    path: '/products/:id',
    to: 'catalog',
    who: 'anyone',
    summary: 'One product',
    status: 200,
    answer: Product,
  },
  {
    method: 'POST',
    path: '/products',
    to: 'catalog',
    who: 'signedIn',
    summary: 'Add a product (staff)',
    body: AddProductRequest,
    status: 201,
    answer: Product,
  },
  {
    method: 'PATCH',
    path: '/products/:id',
    to: 'catalog',
    who: 'signedIn',
    summary: 'Reprice or retire a product (staff)',
    body: ChangeProductRequest,
    status: 200,
    answer: Product,
  },
  {
    method: 'GET',
    path: '/stock/:productId',
    to: 'inventory',
    who: 'anyone',
    summary: 'Stock of a product',
    status: 200,
    answer: Stock,
  },
  {
    method: 'POST',
    path: '/stock/:productId/replenishments',
    to: 'inventory',
    who: 'signedIn',
    summary: 'Add stock (staff)',
    body: ReplenishmentRequest,
    status: 201,
    answer: Replenishment,
  },
  {
    method: 'POST',
    path: '/orders',
    to: 'ordering',
    who: 'signedIn',
    summary: 'Place an order',
    body: PlaceOrderRequest,
    status: 201,
    answer: Order,
  },
  {
    method: 'GET',
    path: '/orders',
    to: 'ordering',
    who: 'signedIn',
    summary: 'Own orders, newest first',
    query: OrderQuery,
    status: 200,
    answer: OrderPage,
  },
  {
    method: 'GET',
    path: '/orders/:id',
    to: 'ordering',
    who: 'signedIn',
    summary: 'One order',
    status: 200,
    answer: Order,
  },
  {
    method: 'GET',
    path: '/orders/:id/timeline',
    to: 'ordering',
    who: 'signedIn',
    summary: 'What happened to an order',
    status: 200,
    answer: Timeline,
  },
];
