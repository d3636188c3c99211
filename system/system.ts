// The map of the system. A new service: its folders, one entry here, its routes, its contract and its pact.
import * as catalog from '@fieldguide/contracts/catalog';
import * as identity from '@fieldguide/contracts/identity';
import * as inventory from '@fieldguide/contracts/inventory';
import * as ordering from '@fieldguide/contracts/ordering';
import * as paymentProvider from '@fieldguide/contracts/payment-provider';
import * as payments from '@fieldguide/contracts/payments';
import * as shipping from '@fieldguide/contracts/shipping';
import { defineSystem, file, oauthClients, secret, urlOf } from '@fieldguide/platform-model';
import { alerts, objectives } from './slo.ts';

const uses = ['database', 'messaging'] as const;
const apiKey = secret('providerApiKey');

export const system = defineSystem({
  name: 'fieldguide',
  teams: {
    shopping: '@fieldguide/shopping',
    checkout: '@fieldguide/checkout',
    fulfilment: '@fieldguide/fulfilment',
    platform: '@fieldguide/platform',
  },
  team: 'platform',
  operatorScopes: ['orders:read:any', 'catalog:write', 'stock:write', 'operations'],
  localConfig: { LOG_LEVEL: 'info' },
  plugins: {
    orders: { needs: ['ordering'], load: () => import('./commands/orders/orders.ts') },
    explain: {
      needs: ['ordering', 'payment-provider'],
      load: () => import('./commands/explain/explain.ts'),
    },
    events: { needs: ['ordering'], load: () => import('./commands/events/events.ts') },
    clients: { needs: ['identity'], load: () => import('./commands/clients/clients.ts') },
    labs: { needs: ['inventory', 'payments'], load: () => import('./commands/labs/labs.ts') },
  },
  webApps: {
    storefront: {
      team: 'shopping',
      summary: 'the shop in a browser',
      servedBy: 'gateway',
      pacticipant: 'shop',
    },
    console: {
      team: 'platform',
      summary: "the operator's view of the system",
      servedBy: 'platform',
    },
  },
  objectives,
  alerts,
  apps: {
    'payment-provider': {
      kind: 'external',
      team: 'checkout',
      summary: 'a simulated payment provider and its ledger',
      contract: paymentProvider,
      uses: [],
      env: { PROVIDER_API_KEY: apiKey, LEDGER_FILE: file('provider/ledger.db') },
      publicPort: 'any',
      containerMemoryMb: 192,
    },
    identity: {
      kind: 'service',
      team: 'shopping',
      summary: 'accounts, sessions, the signing key',
      contract: identity,
      uses: [...uses, 'seed-data'],
      env: { SIGNING_KEY: secret('signingKey', 'es256-key'), CLIENTS: oauthClients },
      probe: '/.well-known/jwks.json',
      tokenPath: '/auth/tokens',
    },
    catalog: {
      kind: 'service',
      team: 'shopping',
      summary: 'products and prices; plain CRUD',
      contract: catalog,
      uses: [...uses, 'seed-data'],
      probe: '/products?limit=1',
    },
    inventory: {
      kind: 'service',
      team: 'fulfilment',
      summary: 'stock and reservations',
      contract: inventory,
      uses: [...uses, 'seed-data'],
      probe: '/stock/01900000-0000-7000-8000-000000000001',
    },
    ordering: {
      kind: 'service',
      team: 'checkout',
      summary: 'orders (event-sourced), the checkout, order projections, addresses',
      contract: ordering,
      uses,
      // Long enough for the slowest test token and its retries, short enough to wait for.
      localConfig: { PAYMENT_DEADLINE_MS: '20000' },
      containerMemoryMb: 300,
    },
    payments: {
      kind: 'service',
      team: 'checkout',
      summary: 'payments; calls an outside provider',
      contract: payments,
      uses,
      env: { PAYMENT_PROVIDER_URL: urlOf('payment-provider'), PROVIDER_API_KEY: apiKey },
    },
    shipping: {
      kind: 'service',
      team: 'fulfilment',
      summary: 'shipments',
      contract: shipping,
      uses,
      scopes: ['orders:address:read'],
      localConfig: { DISPATCH_DELAY_MS: '1000' },
    },
    gateway: {
      kind: 'gateway',
      team: 'platform',
      summary: 'the public API: token, rate limit, route; no data',
      uses: ['messaging'],
      localConfig: { RATE_LIMIT_PER_MINUTE: '6000' },
      publicPort: 8080,
      assets: ['swagger-ui-dist/swagger-ui.css', 'swagger-ui-dist/swagger-ui-bundle.js'],
    },
  },
});
