import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { signToken } from '../token-format.ts';
import { KeySource, type PublicKey } from '../token-verifier.ts';

/** A key pair for one test run and the tokens it signs, so that tests run the real verification. */
export class TestKeys extends KeySource {
  readonly #key: KeyObject;
  readonly #issuer: string;
  /** Number of calls of `keys`. */
  requests = 0;

  constructor(issuer: string) {
    super();
    this.#issuer = issuer;
    this.#key = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  }

  override async keys(): Promise<readonly PublicKey[]> {
    this.requests += 1;
    const jwk = createPublicKey(this.#key).export({ format: 'jwk' });
    return [{ ...jwk, kid: 'test' } as PublicKey];
  }

  token(
    id: string,
    scope: string,
    more: { kind?: string; sid?: string; expiresInSeconds?: number } = {},
  ): string {
    const { kind = 'customer', sid = `session-of-${id}`, expiresInSeconds = 600 } = more;
    const exp = Math.floor(Date.now() / 1_000) + expiresInSeconds;
    return this.tokenOf({ sub: id, kind, scope, sid, exp });
  }

  /** A valid token except for these claims and header parameters; undefined removes one. */
  tokenOf(
    claims: Readonly<Record<string, unknown>>,
    header: Readonly<Record<string, unknown>> = {},
  ): string {
    const now = Math.floor(Date.now() / 1_000);
    const { exp = now + 600 } = claims;
    const times = { iat: Math.min(now, Number(exp) - 600), exp };
    const names = { iss: this.#issuer, aud: this.#issuer, sub: 'ada', jti: 'j', client_id: 'shop' };
    const good = { ...names, ...times, kind: 'customer', scope: 'a', sid: 's' };
    return signToken({ ...good, ...claims }, this.#key, 'test', {
      ...{ alg: 'ES256', typ: 'at+jwt', kid: 'test' },
      ...header,
    });
  }
}
