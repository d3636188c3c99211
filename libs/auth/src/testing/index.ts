import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { KeySource, type PublicKey } from '../token-verifier.ts';

/** A key made for one test run, and the tokens it signs: real checks, no filter that skips them. */
export class TestKeys extends KeySource {
  readonly #key: KeyObject;
  readonly #issuer: string;
  /** How often somebody asked for the keys. */
  asked = 0;

  constructor(issuer: string) {
    super();
    this.#issuer = issuer;
    this.#key = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  }

  override async keys(): Promise<readonly PublicKey[]> {
    this.asked += 1;
    const jwk = createPublicKey(this.#key).export({ format: 'jwk' });
    return [{ ...jwk, kid: 'test' } as PublicKey];
  }

  token(
    id: string,
    scope: string,
    more: { kind?: string; sid?: string; expiresInSeconds?: number } = {},
  ): string {
    const { kind = 'customer', sid = `session-of-${id}`, expiresInSeconds = 600 } = more;
    return jwt.sign({ kind, scope, sid }, this.#key, {
      algorithm: 'ES256',
      keyid: 'test',
      subject: id,
      issuer: this.#issuer,
      expiresIn: expiresInSeconds,
    });
  }
}
