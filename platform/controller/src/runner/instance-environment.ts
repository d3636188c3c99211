import { type App, gatewayApp } from '@fieldguide/platform-host/apps';
import type { Addresses } from '@fieldguide/platform-host/backing-services/backing-service';
import type { Environment, Secrets } from '@fieldguide/platform-host/environment';
import { system } from '@fieldguide/platform-host/system';
import type { Binding } from '@fieldguide/platform-model';
import { instanceEnv, oauthClientScopes } from '@fieldguide/platform-model/derive';
import { tokenSettings } from '../keys/key-files.ts';
import { brokerUrlOf } from '../provision/broker-access.ts';
import { databaseUrl } from '../provision/databases.ts';
import { webFolderOf } from '../web-files.ts';

/** The environment variables of an instance: addresses, its name, its secrets, and what the map binds. */
export function instanceEnvironment(
  { name, spec }: App,
  environment: Environment,
  backing: Addresses,
  secrets: Secrets,
  publicPorts: ReadonlyMap<string, number>,
  role: 'owner' | 'app' = 'app',
): Record<string, string> {
  const resolve = (binding: Binding): string | undefined => {
    if (binding.from === 'secret') return secrets.named[binding.name];
    if (binding.from === 'file') return environment.path(binding.path);
    if (binding.from === 'oauth-clients') return JSON.stringify(clients(secrets));
    const port = publicPorts.get(binding.app);
    return port === undefined ? undefined : `http://127.0.0.1:${port}`;
  };
  const gatewayPort = publicPorts.get(gatewayApp);
  const tokens = tokenSettings(secrets);
  const variables = instanceEnv(spec, {
    system: system.name,
    environment: environment.name,
    consulUrl: backing.consul.url,
    consulToken: secrets.consul[name] ?? '',
    consulCaFile: backing.consul.caFile,
    kafkaUrl: brokerUrlOf(name, backing.kafka.url, environment, secrets),
    databaseUrl: databaseUrl(backing.postgres.url, environment, name, role, secrets),
    clientSecret: secrets.clients[name] ?? '',
    tokenSettings: {
      ...tokens,
      ...(tokens['TOKEN_URL'] && { TOKEN_SCOPE: (spec.scopes ?? []).join(' ') }),
    },
    publicPort: publicPorts.get(name),
    webFolder: webFolderOf(environment, name),
    resolve,
  });
  // The token issuer publishes its address as callers see it.
  if (spec.tokenPath && gatewayPort) variables['PUBLIC_URL'] = `http://127.0.0.1:${gatewayPort}`;
  return variables;
}

/** Secret and scopes of every OAuth client. */
function clients(secrets: Secrets) {
  const all = Object.entries(oauthClientScopes(system));
  return Object.fromEntries(
    all.map(([id, scopes]) => [id, { secret: secrets.clients[id], scopes }]),
  );
}
