import type { App } from '@fieldguide/platform-host/apps';
import type { Addresses } from '@fieldguide/platform-host/backing-services/backing-service';
import type { Environment, Secrets } from '@fieldguide/platform-host/environment';
import { databaseUrl } from '../provision/databases.ts';

/**
 * What an instance is told: addresses, its identity, its secrets. Nothing else, so that every other setting stays live
 * in Consul.
 */
export function instanceEnvironment(
  app: App,
  environment: Environment,
  backing: Addresses,
  secrets: Secrets,
  publicPorts: ReadonlyMap<string, number>,
  role: 'owner' | 'app' = 'app',
): Record<string, string> {
  const { name } = app;
  const own: Record<string, Record<string, string>> = {
    identity: { SIGNING_KEY: secrets.signingKey, CLIENTS: JSON.stringify(secrets.clients) },
    payments: {
      ...(publicPorts.has('payment-provider') && {
        PAYMENT_PROVIDER_URL: `http://127.0.0.1:${publicPorts.get('payment-provider')}`,
      }),
      PROVIDER_API_KEY: secrets.providerApiKey,
    },
    'payment-provider': {
      PROVIDER_API_KEY: secrets.providerApiKey,
      LEDGER_FILE: environment.path('provider', 'ledger.db'),
    },
  };
  return {
    ENVIRONMENT: environment.name,
    CONSUL_HTTP_ADDR: backing.consul.url,
    CLIENT_SECRET: secrets.clients[name] ?? '',
    ...(app.hasDatabase && {
      DATABASE_URL: databaseUrl(backing.postgres.url, environment, name, role, secrets),
    }),
    ...(app.hasMessaging && { MESSAGING_URL: backing.kafka.url }),
    ...(publicPorts.has(name) && { PUBLIC_PORT: String(publicPorts.get(name)) }),
    ...own[name],
  };
}

/** Those of them that nobody else may read; the others are addresses and names. */
export const secretKeys: ReadonlySet<string> = new Set([
  'CLIENT_SECRET',
  'CLIENTS',
  'DATABASE_URL',
  'PROVIDER_API_KEY',
  'SIGNING_KEY',
]);
