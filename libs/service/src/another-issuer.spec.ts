import 'reflect-metadata';
import { generateKeyPairSync } from 'node:crypto';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Caller, type CallerClaims, RequireScope } from '@fieldguide/auth';
import { TestKeys } from '@fieldguide/auth/testing';
import { SystemClock } from '@fieldguide/clock';
import { FixedRegistry, ServiceDiscoveryModule } from '@fieldguide/discovery';
import { Policies } from '@fieldguide/resilience';
import { Controller, Get, Module } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
// @ts-expect-error the package has no types
import Provider from 'oidc-provider';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { AuthModule } from './auth.module.ts';
import { ServiceModule } from './service.module.ts';
import { ServiceClientModule } from './service-client.module.ts';
import { ServiceClient } from './service-client.ts';
import { openForTest } from './testing/index.ts';

@Controller('addresses')
class AddressesController {
  @RequireScope('orders:address:read')
  @Get()
  list(@Caller() { id, kind, scopes }: CallerClaims) {
    return { id, kind, scopes: [...scopes] };
  }
}
@Module({
  imports: [
    ServiceModule.forRoot({ name: 'addresses' }),
    ServiceDiscoveryModule.forRoot(),
    ServiceClientModule.forRoot(),
    AuthModule.forRoot(),
  ],
  controllers: [AddressesController],
})
class AddressesModule {}

const secret = 'a secret of: 20 + x % characters';
let issuer: Server;
let url: string;
let app: NestFastifyApplication;
const client = (id: string) => ({
  client_id: id,
  client_secret: secret,
  grant_types: ['client_credentials'],
  redirect_uris: [],
  response_types: [],
});
const resource = (audience: string) => ({
  scope: 'orders:address:read other',
  audience,
  accessTokenFormat: 'jwt',
  accessTokenTTL: 300,
  jwt: { sign: { alg: 'ES256' } },
});

// The issuer is oidc-provider: no part of this system.
beforeAll(async () => {
  const key = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  const jwk = { ...key.export({ format: 'jwk' }), use: 'sig', alg: 'ES256', kid: 'any-id' };
  const handle = { current: (..._: unknown[]) => undefined as unknown };
  const { createServer } = await import('node:http');
  issuer = createServer((request, response) => handle.current(request, response));
  await new Promise<void>((resolve) => issuer.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(issuer.address() as AddressInfo).port}`;
  const provider = new Provider(url, {
    jwks: { keys: [jwk] },
    clients: [client('shipping'), client('stranger')],
    clientDefaults: { id_token_signed_response_alg: 'ES256' },
    scopes: ['orders:address:read', 'other'],
    ttl: { ClientCredentials: 300 },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => 'urn:shop',
        getResourceServerInfo: (_: unknown, indicator: string) =>
          resource(indicator === 'urn:shop' ? 'shop' : 'elsewhere'),
      },
    },
  });
  handle.current = provider.callback();
  const env = { TOKEN_ISSUER: url, TOKEN_AUDIENCE: 'shop', TOKEN_JWKS_URL: `${url}/jwks` };
  app = await openForTest(AddressesModule, { env });
});
afterAll(async () => {
  await app.close();
  issuer.closeAllConnections();
  issuer.close();
});

async function tokenOf(form: Record<string, string>): Promise<string> {
  const pair = `shipping:${encodeURIComponent(secret)}`;
  const response = await fetch(`${url}/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(pair).toString('base64')}` },
    body: new URLSearchParams({ grant_type: 'client_credentials', ...form }),
  });
  return ((await response.json()) as { access_token: string }).access_token;
}
const get = (token: string) =>
  app.inject({ url: '/addresses', headers: { authorization: `Bearer ${token}` } });

it('accepts tokens of the configured issuer: the caller is a service with its scopes', async () => {
  // About half of its signatures have a high s.
  for (let n = 0; n < 12; n++) {
    const response = await get(await tokenOf({ scope: 'orders:address:read' }));
    expect([response.statusCode, response.json()]).toEqual([
      200,
      { id: 'shipping', kind: 'service', scopes: ['orders:address:read'] },
    ]);
  }
});

it('requires the scope and the audience', async () => {
  expect((await get(await tokenOf({ scope: 'other' }))).statusCode).toBe(403);
  const elsewhere = { scope: 'orders:address:read', resource: 'urn:elsewhere' };
  expect((await get(await tokenOf(elsewhere))).statusCode).toBe(401);
});

it('trusts only the keys whose thumbprints are configured, when they are', async () => {
  const env = { TOKEN_ISSUER: url, TOKEN_AUDIENCE: 'shop', TOKEN_JWKS_URL: `${url}/jwks` };
  const pinned = await openForTest(AddressesModule, {
    env: { ...env, TOKEN_KEY_THUMBPRINTS: 'of-another-key' },
  });
  const headers = { authorization: `Bearer ${await tokenOf({ scope: 'orders:address:read' })}` };
  expect((await pinned.inject({ url: '/addresses', headers })).statusCode).toBe(401);
  await pinned.close();
});

it('trusts no key when neither thumbprints nor an address are configured', async () => {
  const unset = await openForTest(AddressesModule);
  const token = new TestKeys('test/test').token('ada', 'orders:address:read');
  const headers = { authorization: `Bearer ${token}` };
  expect((await unset.inject({ url: '/addresses', headers })).statusCode).toBe(503);
  await unset.close();
});

it('issues the tokens of services as well', async () => {
  const clock = new SystemClock();
  const at = (scope: string) =>
    new ServiceClient('shipping', secret, new FixedRegistry([]), clock, new Policies(clock), {
      url: `${url}/token`,
      scope,
    });
  const [reader, nothing] = [at('orders:address:read'), at('')];
  const token = await reader.serviceToken();
  expect(await reader.serviceToken()).toBe(token);
  expect((await get(token)).statusCode).toBe(200);
  expect((await get(await nothing.serviceToken())).statusCode).toBe(403);
  await Promise.all([reader.close(), nothing.close()]);
});
