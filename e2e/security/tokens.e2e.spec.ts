import { createHmac, generateKeyPairSync, sign } from 'node:crypto';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { send } from '../shop.ts';
import {
  attacker,
  base64url,
  get,
  lowS,
  nothingChanges,
  operator,
  partsOf,
  publicKey,
  raw,
  signed,
  statusOf,
  victim,
} from './attack.ts';

nothingChanges();

let header: Record<string, unknown>;
let claims: Record<string, unknown>;
beforeAll(() => ({ header, claims } = partsOf(victim.token)));

const now = () => Math.floor(Date.now() / 1_000);
const foreign = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
const parts = () => victim.token.split('.') as [string, string, string];

/** The status of a read of the victim's own order, at the gateway and directly at an instance of ordering. */
async function read(token: string): Promise<number> {
  const bearer = `Authorization: Bearer ${token}`;
  return statusOf(await raw(get(`/orders/${victim.orderId}`, bearer)));
}

it('is accepted when nothing is changed: the cases below are refused for what they change', async () => {
  expect(await read(victim.token)).toBe(200);
  expect(await read(signed(header, claims))).toBe(200);
});

describe('a header or claim of a correctly signed token', () => {
  const change: Record<string, () => [header: object, claims: object]> = {
    'typ JWT': () => [{ ...header, typ: 'JWT' }, claims],
    'no typ': () => [{ ...header, typ: undefined }, claims],
    'the typ of an ID token': () => [{ ...header, typ: 'id+jwt' }, claims],
    'an unknown critical extension': () => [{ ...header, crit: ['exp2'], exp2: 1 }, claims],
    'an empty list of critical extensions': () => [{ ...header, crit: [] }, claims],
    'an unencoded payload': () => [{ ...header, crit: ['b64'], b64: false }, claims],
    'the algorithm HS256': () => [{ ...header, alg: 'HS256' }, claims],
    'the algorithm ES512': () => [{ ...header, alg: 'ES512' }, claims],
    'no key id': () => [{ ...header, kid: undefined }, claims],
    'an unknown key id': () => [{ ...header, kid: 'other' }, claims],
    'a path as key id': () => [{ ...header, kid: '../../../dev/null' }, claims],
    'SQL as key id': () => [{ ...header, kid: "x' OR '1'='1" }, claims],
    'a key id that is a list': () => [{ ...header, kid: [header['kid']] }, claims],
    'no expiry': () => [header, { ...claims, exp: undefined }],
    'an expiry in the past': () => [header, { ...claims, exp: now() - 3_600 }],
    'an expiry as text': () => [header, { ...claims, exp: String(claims['exp']) }],
    'an expiry with a fraction': () => [header, { ...claims, exp: now() + 100.5 }],
    'an expiry out of range': () => [header, { ...claims, exp: 1e99 }],
    'an expiry in ten years': () => [header, { ...claims, exp: now() + 315_360_000 }],
    'no time of issue': () => [header, { ...claims, iat: undefined }],
    'a start in the future': () => [header, { ...claims, nbf: now() + 3_600 }],
    'no issuer': () => [header, { ...claims, iss: undefined }],
    'another issuer': () => [header, { ...claims, iss: 'https://issuer.example' }],
    'the issuer of another environment': () => [header, { ...claims, iss: 'fieldguide/local' }],
    'no audience': () => [header, { ...claims, aud: undefined }],
    'another audience': () => [header, { ...claims, aud: 'https://other.example' }],
    'a list of other audiences': () => [header, { ...claims, aud: ['a', 'b'] }],
    'no subject': () => [header, { ...claims, sub: undefined }],
    'a subject that is an object': () => [header, { ...claims, sub: { $ne: null } }],
    'no id': () => [header, { ...claims, jti: undefined }],
    'scopes as a list': () => [header, { ...claims, scope: ['orders:read'] }],
    'scopes as an object': () => [header, { ...claims, scope: { 'orders:read': true } }],
    'an unknown kind': () => [header, { ...claims, kind: 'root' }],
  };
  it.each(Object.keys(change))('is refused: %s', async (what) => {
    const [head, payload] = change[what]!();
    expect(await read(signed(head, payload))).toBe(401);
  });

  it('is refused: claims that are deep, no object, or a prototype', async () => {
    const deep = `{"sub":${'['.repeat(2_000)}${']'.repeat(2_000)}}`;
    for (const payload of [deep, '[]', '"text"', 'null', '{"__proto__":{"sub":"x"}}'])
      expect(await read(signed(header, payload))).toBe(401);
  });
  it('is refused: a scope that the caller does not have adds nothing', async () => {
    const [head, , signature] = parts();
    const scope = 'orders:read orders:read:any catalog:write operations';
    expect(await read(`${head}.${base64url({ ...claims, scope })}.${signature}`)).toBe(401);
  });
});

describe('a signature', () => {
  const none = (alg: string) => `${base64url({ ...header, alg })}.${parts()[1]}.`;
  const hmac = (secret: string | Buffer) => {
    const text = `${base64url({ ...header, alg: 'HS256' })}.${parts()[1]}`;
    return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
  };
  const withSignature = (signature: Buffer | string) => {
    const text = typeof signature === 'string' ? signature : signature.toString('base64url');
    return `${parts()[0]}.${parts()[1]}.${text}`;
  };
  const own = () => Buffer.from(parts()[2], 'base64url');
  const flipped = () => Buffer.from(own().map((byte, at) => (at === 10 ? byte ^ 1 : byte)));
  const jwk = () => foreign.export({ format: 'jwk' });
  const der = () =>
    sign('sha256', Buffer.from(`${parts()[0]}.${parts()[1]}`), {
      key: foreign,
      dsaEncoding: 'der',
    });

  const forged: Record<string, () => string> = {
    'alg none': () => none('none'),
    'alg None': () => none('None'),
    'alg nOnE': () => none('nOnE'),
    'none with the old signature': () => `${none('none')}${parts()[2]}`,
    empty: () => withSignature(''),
    'all zero': () => withSignature(Buffer.alloc(64)),
    'r and s equal to the order of the curve': () => withSignature(Buffer.alloc(64, 0xff)),
    'one bit flipped': () => withSignature(flipped()),
    truncated: () => withSignature(own().subarray(0, 63)),
    'with a byte more': () => withSignature(Buffer.concat([own(), Buffer.alloc(1)])),
    'the larger s': () => withSignature(lowS(own(), true)),
    'in DER': () => withSignature(der()),
    'by another key': () => signed(header, claims, foreign),
    'by a key in the header': () => signed({ ...header, jwk: jwk() }, claims, foreign),
    'by a key at an address (jku)': () =>
      signed({ ...header, kid: 'x', jku: 'http://127.0.0.1:9/jwks.json' }, claims, foreign),
    'by a certificate at an address (x5u)': () =>
      signed({ ...header, kid: 'x', x5u: 'http://127.0.0.1:9/a.pem' }, claims, foreign),
    'HMAC with the public key': () =>
      hmac(publicKey().export({ type: 'spki', format: 'pem' }) as string),
    'HMAC with the public key in DER': () =>
      hmac(publicKey().export({ type: 'spki', format: 'der' }) as Buffer),
    'HMAC with a blank secret': () => hmac(''),
    'of other claims': () => {
      const [head, , signature] = parts();
      return `${head}.${base64url({ ...claims, sub: attacker.id })}.${signature}`;
    },
  };
  it.each(Object.keys(forged))('is refused: %s', async (what) => {
    expect(await read(forged[what]!())).toBe(401);
  });
});

describe('an encoding of a valid token, also one that was verified before,', () => {
  const last = (token: string) => {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const at = alphabet.indexOf(token.at(-1)!);
    return token.slice(0, -1) + alphabet[at % 16 === 15 ? at - 1 : at + 1];
  };
  const variants: Record<string, (token: string) => string> = {
    'another last character that decodes to the same': last,
    padding: (token) => `${token}==`,
    'a space behind it': (token) => `${token} x`,
    'a line feed within': (token) => token.replace('.', '.\t'),
    'the standard alphabet': (token) => `${token.replaceAll('-', '+').replaceAll('_', '/')}/`,
    'a part more': (token) => `${token}.${token.split('.')[2]}`,
    'a part less': (token) => token.split('.').slice(0, 2).join('.'),
    'five parts, as of an encrypted one': (token) => `${token}.x.y`,
    'an empty first part': (token) => token.replace(/^[^.]*/, ''),
  };
  it.each(Object.keys(variants))('is refused: %s', async (what) => {
    expect(await read(victim.token)).toBe(200);
    expect(await read(variants[what]!(victim.token))).toBe(401);
  });
});

describe('a way to send a token', () => {
  const path = () => `/orders/${victim.orderId}`;
  const ways: Record<string, [bytes: () => string, status: number]> = {
    'no header': [() => get(path()), 401],
    'an empty header': [() => get(path(), 'Authorization:'), 401],
    'Bearer without a token': [() => get(path(), 'Authorization: Bearer '), 401],
    'another scheme': [() => get(path(), `Authorization: Basic ${victim.token}`), 401],
    'the scheme twice': [() => get(path(), `Authorization: Bearer Bearer ${victim.token}`), 401],
    'two tokens': [
      () => get(path(), `Authorization: Bearer ${attacker.token} ${victim.token}`),
      401,
    ],
    'two headers': [
      () =>
        get(
          path(),
          `Authorization: Bearer ${attacker.token}`,
          `Authorization: Bearer ${victim.token}`,
        ),
      400,
    ],
    'the query': [() => get(`${path()}?access_token=${victim.token}`), 401],
    'a cookie': [() => get(path(), `Cookie: access_token=${victim.token}`), 401],
    'a header of a proxy': [() => get(path(), `X-User-Id: ${victim.id}`, 'X-Roles: staff'), 401],
    'a header with 16 kB': [() => get(path(), `Authorization: Bearer ${'a'.repeat(16_400)}`), 431],
    'a header with 1 MB': [
      () => get(path(), `Authorization: Bearer ${'a'.repeat(1_000_000)}`),
      431,
    ],
  };
  it.each(Object.keys(ways))('is refused: %s', async (what) => {
    const [bytes, status] = ways[what]!;
    const response = await raw(bytes());
    expect(statusOf(response)).toBe(status);
    expect(response.toLowerCase()).toContain('content-type: application/problem+json');
  });
});

describe('a token for something else', () => {
  it('is refused: a refresh token as an access token', async () => {
    expect(await read(victim.refreshToken)).toBe(401);
  });
  it('cannot do what its scopes do not allow', async () => {
    const requests = [
      ['POST', '/products', { sku: 'A', name: 'A' }],
      ['PATCH', `/products/${'0'.repeat(8)}`, { name: 'A' }],
      ['GET', '/metrics', undefined],
      ['GET', '/info', undefined],
    ] as const;
    for (const [method, path, body] of requests) {
      const response = await send(method, path, { token: attacker.token, body });
      expect([path, response.status]).toEqual([path, 403]);
    }
  });
  it('of a client with fewer scopes reads no orders', async () => {
    const { operatorSecret: clientSecret } = inject('shop');
    const client = { grantType: 'clientCredentials', clientId: 'operator', clientSecret };
    const body = { ...client, scope: 'catalog:write' };
    const { accessToken: token } = (await send('POST', '/auth/tokens', { body })).body;
    expect((await send('GET', '/orders', { token })).status).toBe(403);
    const more = { ...client, scope: 'catalog:write root' };
    expect((await send('POST', '/auth/tokens', { body: more })).status).toBe(403);
    expect((await send('GET', '/orders', { token: operator.token })).status).toBe(200);
  });
});

it('fetches no keys from the issuer for each unknown key id', async () => {
  const statuses = await Promise.all(
    Array.from({ length: 50 }, (_, n) => read(signed({ ...header, kid: `unknown-${n}` }, claims))),
  );
  expect(new Set(statuses)).toEqual(new Set([401]));
});
