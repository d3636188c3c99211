import { describe, expect, it } from 'vitest';
import { readOAuthRequest } from './oauth-request.ts';

const read = (form: string, authorization?: string) =>
  readOAuthRequest(new URLSearchParams(form), authorization);
const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;
const request = { grantType: 'clientCredentials', clientId: 'shipping', clientSecret: 'a secret' };

describe('a request to the token endpoint', () => {
  it('has the client in the header or in the body', () => {
    const grant = 'grant_type=client_credentials';
    expect(read(grant, basic('shipping:a+secret'))).toEqual(request);
    expect(read(grant, basic('shipping:a%20secret'))).toEqual(request);
    expect(read(`${grant}&client_id=shipping&client_secret=a+secret`)).toEqual(request);
    expect(read(`${grant}&scope=a+b`, basic('shipping:a+secret'))).toEqual({
      ...request,
      scope: 'a b',
    });
  });
  it('decodes both parts of the header', () => {
    const { clientId, clientSecret } = read(
      'grant_type=client_credentials',
      basic('a%3Ab:%26%2B%3D&x=y'),
    ) as typeof request;
    expect([clientId, clientSecret]).toEqual(['a:b', '&+=&x=y']);
  });
  it('refreshes a session', () => {
    expect(read('grant_type=refresh_token&refresh_token=sid.secret&client_id=shop')).toEqual({
      grantType: 'refreshToken',
      refreshToken: 'sid.secret',
    });
  });
  it.each([
    ['no grant', '', undefined, 'invalid_request'],
    [
      'the obsolete grant',
      'grant_type=password&username=a&password=b',
      undefined,
      'unsupported_grant_type',
    ],
    [
      'a parameter twice',
      'grant_type=refresh_token&refresh_token=a&refresh_token=b',
      undefined,
      'invalid_request',
    ],
    ['no refresh token', 'grant_type=refresh_token', undefined, 'invalid_request'],
    ['no client', 'grant_type=client_credentials', undefined, 'invalid_request'],
    ['another scheme', 'grant_type=client_credentials', 'Bearer x', 'invalid_client'],
    ['no secret', 'grant_type=client_credentials', basic('shipping'), 'invalid_request'],
    [
      'two secrets',
      'grant_type=client_credentials&client_secret=x',
      basic('shipping:x'),
      'invalid_request',
    ],
  ])('is refused with %s', (_, form, authorization, code) => {
    expect(() => read(form, authorization)).toThrow(expect.objectContaining({ code }));
  });
  it('is refused when it is no form', () => {
    const json = { grant_type: 'client_credentials' };
    expect(() => readOAuthRequest(json, undefined)).toThrow(/x-www-form-urlencoded/);
  });
});
