import { createHash, createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { KeySource, type PublicKey } from '@fieldguide/auth';
import { ProcessConfig } from '@fieldguide/config';
import { Injectable } from '@nestjs/common';
import jwt from 'jsonwebtoken';
import { IdentityConfig } from '../identity.config.ts';

/** The key that signs tokens (ES256). Its id is its thumbprint (RFC 7638), so that a new key is a new id. */
@Injectable()
export class SigningKey extends KeySource {
  readonly #key: KeyObject;
  readonly #issuer: string;
  readonly #public: PublicKey;

  constructor(config: IdentityConfig, { SYSTEM_NAME, ENVIRONMENT }: ProcessConfig) {
    super();
    this.#key = createPrivateKey(config.SIGNING_KEY);
    this.#issuer = `${SYSTEM_NAME}/${ENVIRONMENT}`;
    const { kty, crv, x, y } = createPublicKey(this.#key).export({ format: 'jwk' });
    const kid = createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest('base64url');
    this.#public = { kid, kty, crv, x, y } as PublicKey;
  }

  sign(
    subject: string,
    claims: { kind: string; scope: string; sid: string },
    expiresIn: number,
  ): string {
    return jwt.sign(claims, this.#key, {
      algorithm: 'ES256',
      keyid: this.#public.kid,
      issuer: this.#issuer,
      subject,
      expiresIn,
    });
  }

  override async keys(): Promise<readonly PublicKey[]> {
    return [this.#public];
  }
}
