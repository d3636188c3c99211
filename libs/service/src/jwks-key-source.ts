import { KeySource, type PublicKey } from '@fieldguide/auth';
import { withDeadline } from '@fieldguide/resilience';
import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { ServiceClient } from './service-client.ts';

const Jwks = z.object({
  keys: z.array(
    z.object({ kid: z.string(), kty: z.string(), crv: z.string(), x: z.string(), y: z.string() }),
  ),
});

/** Fetches identity's public keys when a token has an unknown key id. */
@Injectable()
export class JwksKeySource extends KeySource {
  /** Fields that are read from the response: the curve point and its name. */
  static readonly responseSchema = Jwks;
  readonly #client: ServiceClient;

  constructor(peers: ServiceClient) {
    super();
    this.#client = peers;
  }

  override async keys(): Promise<readonly PublicKey[]> {
    const path = '/.well-known/jwks.json';
    const call = { peer: 'identity', path, route: path, responseSchema: Jwks };
    // Several requests share the keys: the deadline of one does not end the call.
    const response = await withDeadline(undefined, () => this.#client.call(call));
    return (response?.keys ?? []) as PublicKey[];
  }
}
