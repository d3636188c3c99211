import { createPublicKey, type KeyObject } from 'node:crypto';
import { KeySource, type PublicKey, signToken, TokenRules, thumbprintOf } from '@fieldguide/auth';
import { Clock, Ids } from '@fieldguide/clock';
import { Injectable } from '@nestjs/common';
import { IdentityConfig } from '../identity.config.ts';
import { privateKeysIn } from './private-keys.ts';

/** The client in whose name people sign in: the shop's own pages and programs. */
const OWN_CLIENT = 'shop';

interface Key {
  readonly key: KeyObject;
  readonly publicKey: PublicKey;
}

/**
 * The keys of this issuer (ES256), in the order of `SIGNING_KEY`: the first one signs, all are published. A key's id is
 * its thumbprint (RFC 7638), so that a new key is a new id.
 */
@Injectable()
export class SigningKey extends KeySource {
  #read: { readonly text: string; readonly keys: readonly Key[]; ids: Set<string> } | undefined;

  constructor(
    private readonly config: IdentityConfig,
    private readonly rules: TokenRules,
    private readonly clock: Clock,
    private readonly ids: Ids,
  ) {
    super();
  }

  /** @returns an access token as RFC 9068 describes it */
  sign(
    subject: string,
    claims: { kind: string; scope: string; sid: string },
    expiresInSeconds: number,
  ): string {
    const iat = Math.floor(this.clock.now().getTime() / 1_000);
    const { issuer: iss, audience: aud } = this.rules;
    const client_id = claims.kind === 'service' ? subject : OWN_CLIENT;
    const times = { iat, exp: iat + expiresInSeconds };
    const names = { iss, aud, sub: subject, client_id, jti: this.ids.next() };
    const [{ key, publicKey }] = this.#current().keys as [Key];
    return signToken({ ...names, ...times, ...claims }, key, publicKey.kid);
  }

  override trusted(): ReadonlySet<string> {
    return this.#current().ids;
  }

  override async keys(): Promise<readonly PublicKey[]> {
    return this.#current().keys.map(({ publicKey }) => publicKey);
  }

  /** Read again when the setting has changed. */
  #current() {
    const { SIGNING_KEY: text } = this.config;
    if (this.#read?.text === text) return this.#read;
    const keys = privateKeysIn(text).map(keyOf);
    this.#read = { text, keys, ids: new Set(keys.map(({ publicKey }) => publicKey.kid)) };
    return this.#read;
  }
}

function keyOf(key: KeyObject): Key {
  const { kty, crv, x, y } = createPublicKey(key).export({ format: 'jwk' });
  return { key, publicKey: { kid: thumbprintOf({ kty, crv, x, y }), kty, crv, x, y } as PublicKey };
}
