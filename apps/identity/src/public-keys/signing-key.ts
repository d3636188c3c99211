import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { KeySource, type PublicKey, signToken, TokenRules, thumbprintOf } from '@fieldguide/auth';
import { Clock, Ids } from '@fieldguide/clock';
import { Injectable } from '@nestjs/common';
import { IdentityConfig } from '../identity.config.ts';

/** The client in whose name people sign in: the shop's own pages and programs. */
const OWN_CLIENT = 'shop';

/** The key that signs tokens (ES256). Its id is its thumbprint (RFC 7638), so that a new key is a new id. */
@Injectable()
export class SigningKey extends KeySource {
  readonly #key: KeyObject;
  readonly #public: PublicKey;

  constructor(
    config: IdentityConfig,
    private readonly rules: TokenRules,
    private readonly clock: Clock,
    private readonly ids: Ids,
  ) {
    super();
    this.#key = createPrivateKey(config.SIGNING_KEY);
    const { kty, crv, x, y } = createPublicKey(this.#key).export({ format: 'jwk' });
    this.#public = { kid: thumbprintOf({ kty, crv, x, y }), kty, crv, x, y } as PublicKey;
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
    return signToken({ ...names, ...times, ...claims }, this.#key, this.#public.kid);
  }

  override async keys(): Promise<readonly PublicKey[]> {
    return [this.#public];
  }
}
