import { KeySource, type PublicKey } from '@fieldguide/auth';
import { z } from 'zod';
import type { Peers } from './peers.ts';

const Jwks = z.object({ keys: z.array(z.looseObject({ kid: z.string(), kty: z.string() })) });

/** Identity's public keys, fetched when an unknown key id is seen. */
export class IdentityKeys extends KeySource {
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
