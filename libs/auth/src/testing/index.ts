import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import jwt from 'jsonwebtoken';
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

  /** A valid token except for these claims; undefined removes a claim. */
  tokenOf(claims: Readonly<Record<string, unknown>>): string {
    const exp = Math.floor(Date.now() / 1_000) + 600;
    const good = { iss: this.#issuer, sub: 'ada', kind: 'customer', scope: 'a', sid: 's', exp };
    const payload = JSON.stringify({ ...good, ...claims });
    const header = { alg: 'ES256', typ: 'JWT' };
    return jwt.sign(payload, this.#key, { algorithm: 'ES256', keyid: 'test', header });
  }
}
