import { KeySource, type PublicKey } from '@fieldguide/auth';
import { z } from 'zod';
import type { Peers } from './service-client.ts';

const Jwks = z.object({
  keys: z.array(
    z.object({ kid: z.string(), kty: z.string(), crv: z.string(), x: z.string(), y: z.string() }),
  ),
});

/** Identity's public keys, fetched when an unknown key id is seen. */
export class IdentityKeys extends KeySource {
  /** What is read of the answer: the curve point and its name. */
  static readonly answer = Jwks;
  readonly #peers: Peers;

  constructor(peers: Peers) {
    super();
    this.#peers = peers;
  }

  override async keys(): Promise<readonly PublicKey[]> {
    const path = '/.well-known/jwks.json';
    const answer = await this.#peers.call({ peer: 'identity', path, route: path, answer: Jwks });
    return (answer?.keys ?? []) as PublicKey[];
  }
}
