import 'reflect-metadata';
import { generateKeyPairSync } from 'node:crypto';
import { TestKeys } from '@fieldguide/auth/testing';
import { ConfigModule } from '@fieldguide/config';
import type { TokenRequest } from '@fieldguide/contracts/identity';
import {
  AuthorizationServer,
  OAuthErrorResponse,
  OAuthToken,
} from '@fieldguide/contracts/identity';
import { ServiceDiscoveryModule } from '@fieldguide/discovery';
import { AuthModule, ServiceClientModule, ServiceModule } from '@fieldguide/service';
import { openForTest } from '@fieldguide/service/testing';
import { Module } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { errors } from '../account/account.errors.ts';
import { IdentityConfig } from '../identity.config.ts';
import { SignInController } from '../sign-in/sign-in.controller.ts';
import { SignInHandler } from '../sign-in/sign-in.handler.ts';
import { OAuthController } from './oauth.controller.ts';

const accessToken = new TestKeys('test/test').token('shipping', 'orders:address:read');
/** Refuses like the real one. */
const handler = {
  handle: async (request: TokenRequest) => {
    if (request.grantType === 'refreshToken') throw errors.sessionEnded();
    if (request.grantType === 'password') throw errors.tooManySignIns();
    if (request.clientId === 'busy') throw errors.tooManySignIns();
    if (request.clientSecret !== 'right') throw errors.credentialsInvalid();
    if (request.scope === 'others') throw errors.scopeNotAllowed();
    return { accessToken, expiresInSeconds: 300, tokenType: 'Bearer' };
  },
};
@Module({
  imports: [
    ServiceModule.forRoot({ name: 'identity' }),
    ServiceDiscoveryModule.forRoot(),
    ServiceClientModule.forRoot(),
    AuthModule.forRoot(),
    ConfigModule.forFeature(IdentityConfig),
  ],
  controllers: [OAuthController, SignInController],
  providers: [{ provide: SignInHandler, useValue: handler }],
})
class TokenEndpoint {}

let app: Awaited<ReturnType<typeof openForTest>>;
beforeAll(async () => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const SIGNING_KEY = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  app = await openForTest(TokenEndpoint, { env: { SIGNING_KEY } });
});
afterAll(() => app.close());

const basic = (id: string, secret: string) =>
  `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`;
const send = (
  payload: string,
  authorization?: string,
  type = 'application/x-www-form-urlencoded',
) =>
  app.inject({
    method: 'POST',
    url: '/oauth/token',
    headers: { 'content-type': type, ...(authorization && { authorization }) },
    payload,
  });
const grant = 'grant_type=client_credentials';

describe('the token endpoint of OAuth', () => {
  it('issues a token with its scope, not to be stored', async () => {
    const response = await send(
      grant,
      basic('shipping', 'right'),
      'application/x-www-form-urlencoded; charset=utf-8',
    );
    expect(response.statusCode).toBe(200);
    expect(OAuthToken.strict().parse(response.json())).toEqual({
      access_token: accessToken,
      token_type: 'Bearer',
      expires_in: 300,
      scope: 'orders:address:read',
    });
    expect(response.headers).toMatchObject({ 'cache-control': 'no-store', pragma: 'no-cache' });
  });
  it.each([
    ['a wrong secret', grant, basic('shipping', 'wrong'), 401, 'invalid_client'],
    ['a scope of others', `${grant}&scope=others`, basic('a', 'right'), 400, 'invalid_scope'],
    [
      'an ended session',
      'grant_type=refresh_token&refresh_token=x',
      undefined,
      400,
      'invalid_grant',
    ],
    ['an obsolete grant', 'grant_type=password', undefined, 400, 'unsupported_grant_type'],
    ['no body', '', undefined, 400, 'invalid_request'],
  ])('refuses %s with an error of OAuth', async (_, form, authorization, status, code) => {
    const response = await send(form, authorization);
    expect([response.statusCode, response.json().error]).toEqual([status, code]);
    OAuthErrorResponse.strict().parse(response.json());
    expect(response.headers['www-authenticate']).toBe(status === 401 ? 'Basic' : undefined);
    expect(response.headers['cache-control']).toBe('no-store');
  });
  it('returns 503 when it is overloaded, and refuses JSON and other types', async () => {
    expect((await send(grant, basic('busy', 'right'))).statusCode).toBe(503);
    expect(
      (await send('{"grant_type":"client_credentials"}', undefined, 'application/json')).json(),
    ).toMatchObject({
      error: 'invalid_request',
    });
    expect((await send(grant, undefined, 'text/plain')).statusCode).toBe(415);
  });
  it('is the only one that takes a form', async () => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const payload = 'grantType=refreshToken&refreshToken=x';
    const response = await app.inject({ method: 'POST', url: '/auth/tokens', headers, payload });
    expect(response.statusCode).toBe(415);
  });
  it('is described by metadata', async () => {
    const response = await app.inject({ url: '/.well-known/oauth-authorization-server' });
    const metadata = AuthorizationServer.strict().parse(response.json());
    expect(metadata).toMatchObject({
      issuer: 'test/test',
      token_endpoint: 'http://127.0.0.1:8080/oauth/token',
    });
  });
});
