import {
  AddProductRequest,
  ChangeProductRequest,
  Product,
  ProductPage,
  ProductQuery,
} from '../catalog/index.ts';
import {
  AuthorizationServer,
  KeySet,
  OAuthErrorResponse,
  OAuthToken,
  OAuthTokenRequest,
  PasswordChange,
  Registration,
  RegistrationRequest,
  SessionList,
  Token,
  TokenRequest,
} from '../identity/index.ts';
import { Replenishment, ReplenishmentRequest, Stock } from '../inventory/index.ts';
import {
  Cancellation,
  Order,
  OrderPage,
  OrderQuery,
  PlaceOrderRequest,
  SalesQuery,
  SalesReport,
  Timeline,
} from '../ordering/index.ts';
import { anyone, type Route, signedIn } from './route.ts';

/** The whole public API in one table; the OpenAPI document is generated from it. */
export const routes: readonly Route[] = [
  anyone('POST /auth/registrations', 'identity', 201, 'Register', {
    operationId: 'register',
    errors: ['emailTaken', 'passwordTooCommon', 'passwordIsEmail', 'tooManySignIns'],
    limit: 'signIn',
    body: RegistrationRequest,
    answer: Registration,
  }),
  anyone('POST /auth/tokens', 'identity', 200, 'Sign in, or refresh', {
    operationId: 'signIn',
    errors: [
      'credentialsInvalid',
      'sessionEnded',
      'scopeNotAllowed',
      'signInDelayed',
      'tooManySignIns',
    ],
    limit: 'signIn',
    body: TokenRequest,
    answer: Token,
  }),
  signedIn('DELETE /auth/tokens', 'identity', 204, 'Sign out', { operationId: 'signOut' }),
  signedIn('GET /auth/sessions', 'identity', 200, 'Own sessions', {
    operationId: 'listSessions',
    answer: SessionList,
  }),
  signedIn('DELETE /auth/sessions', 'identity', 204, 'End all other own sessions', {
    operationId: 'endOtherSessions',
  }),
  signedIn('DELETE /auth/sessions/:id', 'identity', 204, 'End an own session', {
    operationId: 'endSession',
    errors: ['sessionNotFound'],
  }),
  signedIn('PUT /auth/password', 'identity', 204, 'Change the password, end other sessions', {
    operationId: 'changePassword',
    errors: [
      'currentPasswordWrong',
      'passwordTooCommon',
      'passwordIsEmail',
      'sessionEnded',
      'signInDelayed',
      'tooManySignIns',
    ],
    limit: 'signIn',
    body: PasswordChange,
  }),
  signedIn('DELETE /accounts/me', 'identity', 202, 'Erase the account and everything personal', {
    operationId: 'eraseAccount',
    answer: Registration,
  }),
  anyone('GET /.well-known/jwks.json', 'identity', 200, 'Public keys', {
    operationId: 'listPublicKeys',
    answer: KeySet,
  }),
  // In the shape of OAuth 2 (RFC 6749, RFC 8414), a form in and OAuth's errors out.
  anyone('POST /oauth/token', 'identity', 200, 'Request a token as an OAuth client', {
    operationId: 'requestOAuthToken',
    limit: 'signIn',
    form: { body: OAuthTokenRequest, error: OAuthErrorResponse },
    answer: OAuthToken,
  }),
  anyone(
    'GET /.well-known/oauth-authorization-server',
    'identity',
    200,
    'Metadata of the token endpoint',
    { operationId: 'getAuthorizationServer', answer: AuthorizationServer },
  ),
  anyone('GET /products', 'catalog', 200, 'List products', {
    operationId: 'listProducts',
    cache: true,
    errors: ['cursorInvalid'],
    query: ProductQuery,
    answer: ProductPage,
  }),
  anyone('GET /products/:id', 'catalog', 200, 'One product', {
    operationId: 'getProduct',
    cache: true,
    headers: ['ETag'],
    errors: ['productNotFound'],
    answer: Product,
  }),
  signedIn('POST /products', 'catalog', 201, 'Add a product (staff)', {
    operationId: 'addProduct',
    headers: ['ETag', 'Location'],
    errors: ['skuTaken'],
    body: AddProductRequest,
    answer: Product,
  }),
  signedIn('PATCH /products/:id', 'catalog', 200, 'Reprice or retire a product (staff)', {
    operationId: 'changeProduct',
    headers: ['ETag'],
    errors: ['productNotFound', 'productModified', 'ifMatchRequired'],
    version: true,
    body: ChangeProductRequest,
    answer: Product,
  }),
  anyone('GET /stock/:productId', 'inventory', 200, 'Stock of a product', {
    operationId: 'getStock',
    errors: ['productNotFound'],
    answer: Stock,
  }),
  signedIn('POST /stock/:productId/replenishments', 'inventory', 201, 'Add stock (staff)', {
    operationId: 'replenishStock',
    errors: ['idempotencyKeyRequired', 'idempotencyKeyReused', 'stockTooLarge'],
    key: true,
    body: ReplenishmentRequest,
    answer: Replenishment,
  }),
  signedIn('POST /orders', 'ordering', 201, 'Place an order', {
    operationId: 'placeOrder',
    headers: ['Location', 'Consistency-Token'],
    errors: [
      'idempotencyKeyRequired',
      'idempotencyKeyReused',
      'productNotFound',
      'productRetired',
      'currenciesMixed',
      'totalTooHigh',
      'pricesUnavailable',
      'customerErased',
    ],
    key: true,
    body: PlaceOrderRequest,
    answer: Order,
  }),
  signedIn('GET /orders', 'ordering', 200, 'Own orders, newest first', {
    operationId: 'listOrders',
    errors: ['consistencyTokenInvalid', 'projectionBehind', 'cursorInvalid'],
    consistent: true,
    query: OrderQuery,
    answer: OrderPage,
  }),
  signedIn('GET /orders/:id', 'ordering', 200, 'One order', {
    operationId: 'getOrder',
    headers: ['Consistency-Token'],
    errors: ['orderNotFound', 'consistencyTokenInvalid'],
    consistent: true,
    answer: Order,
  }),
  signedIn('GET /orders/:id/timeline', 'ordering', 200, 'What happened to an order', {
    operationId: 'getTimeline',
    headers: ['ETag', 'Consistency-Token'],
    errors: ['orderNotFound'],
    answer: Timeline,
  }),
  signedIn(
    'POST /orders/:id/cancellation',
    'ordering',
    202,
    'Cancel an order, if it has not left',
    {
      operationId: 'cancelOrder',
      headers: ['Consistency-Token'],
      errors: ['orderNotFound', 'alreadyDispatched', 'alreadyRejected', 'noOpenCheckout'],
      answer: Cancellation,
    },
  ),
  signedIn('GET /sales', 'ordering', 200, 'Sales by product and day (staff)', {
    operationId: 'listSales',
    errors: ['salesTooMany'],
    query: SalesQuery,
    answer: SalesReport,
  }),
];
