import { example } from '../example.ts';
import { ada, noon, sid } from '../example-data.ts';
import {
  AuthorizationServer,
  CustomerErased,
  KeySet,
  OAuthToken,
  PasswordChange,
  Registration,
  RegistrationRequest,
  SessionEnded,
  SessionList,
  Token,
  TokenRequest,
} from './index.ts';

const [email, password] = ['ada@fieldguide.test', 'correct horse'];
export const register = example(RegistrationRequest, { email, password, name: 'Ada' });
export const registration = example(Registration, { customerId: ada });
export const signIn = example(TokenRequest, { grantType: 'password', email, password });
const signedIn = { accessToken: 'header.claims.signature', expiresInSeconds: 600 };
export const token = example(Token, {
  ...signedIn,
  refreshToken: `${sid}.secret`,
  tokenType: 'Bearer',
});
/** A service's token: it has no refresh token. */
export const serviceToken = example(Token, { ...signedIn, tokenType: 'Bearer' });
export const sessionList = example(SessionList, {
  items: [
    {
      id: sid,
      device: 'Firefox',
      begunAt: noon,
      refreshedAt: noon,
      expiresAt: noon,
      isCurrent: true,
    },
  ],
});
export const passwordChange = example(PasswordChange, {
  currentPassword: password,
  newPassword: 'another horse',
});
export const oauthToken = example(OAuthToken, {
  access_token: signedIn.accessToken,
  token_type: 'Bearer',
  expires_in: 300,
  scope: 'orders:address:read',
});
export const authorizationServer = example(AuthorizationServer, {
  issuer: 'fieldguide/local',
  token_endpoint: 'http://127.0.0.1:8080/oauth/token',
  jwks_uri: 'http://127.0.0.1:8080/.well-known/jwks.json',
  grant_types_supported: ['client_credentials', 'refresh_token'],
  token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
  response_types_supported: [],
});
export const keySet = example(KeySet, {
  keys: [
    {
      kid: 'NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs',
      kty: 'EC',
      crv: 'P-256',
      x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
      y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',
      use: 'sig',
      alg: 'ES256',
    },
  ],
});
export const sessionEnded = example(SessionEnded.data, { sid, tokensValidUntil: noon });
export const customerErased = example(CustomerErased.data, { customerId: ada });
