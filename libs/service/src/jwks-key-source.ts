import { KeySource, type PublicKey } from '@fieldguide/auth';
import { withDeadline } from '@fieldguide/resilience';
import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { ServiceClient } from './service-client.ts';
import { TokenConfig } from './token-config.ts';

const FETCH_TIMEOUT_MS = 5_000;
const Key = z.object({
  kid: z.string(),
  kty: z.literal('EC'),
  crv: z.literal('P-256'),
  x: z.string(),
  y: z.string(),
});
const Jwks = z.object({ keys: z.array(Key) });
// Another issuer may publish keys of other kinds beside those that sign access tokens.
const AnyJwks = z.object({ keys: z.array(z.unknown()) });

/**
 * Fetches the public keys of the issuer: of identity, or from a configured address. The registry knows
 * where identity is, not which keys to trust: a key of identity counts when its thumbprint is configured.
 */
@Injectable()
export class JwksKeySource extends KeySource {
  /** Fields that are read from the response: the curve point and its name. */
  static readonly responseSchema = Jwks;
  #parsed: { readonly text: string; readonly thumbprints: ReadonlySet<string> } | undefined;

  constructor(
    private readonly client: ServiceClient,
    private readonly config: TokenConfig,
  ) {
    super();
  }

  override trusted(): ReadonlySet<string> | undefined {
    const { TOKEN_KEY_THUMBPRINTS: text } = this.config;
    if (text === undefined) return undefined;
    if (this.#parsed?.text !== text)
      this.#parsed = { text, thumbprints: new Set(text.split(/[\s,]+/).filter(Boolean)) };
    return this.#parsed.thumbprints;
  }

  override async keys(): Promise<readonly PublicKey[]> {
    const { TOKEN_JWKS_URL, TOKEN_KEY_THUMBPRINTS } = this.config;
    if (TOKEN_JWKS_URL) return keysAt(TOKEN_JWKS_URL);
    if (!TOKEN_KEY_THUMBPRINTS)
      throw new Error('No key is trusted: set TOKEN_KEY_THUMBPRINTS or TOKEN_JWKS_URL');
    const path = '/.well-known/jwks.json';
    const call = { peer: 'identity', path, route: path, responseSchema: Jwks };
    // Several requests share the keys: the deadline of one does not end the call.
    const response = await withDeadline(undefined, () => this.client.call(call));
    return response?.keys ?? [];
  }
}

async function keysAt(url: string): Promise<readonly PublicKey[]> {
  const signal = AbortSignal.timeout(FETCH_TIMEOUT_MS);
  const response = await fetch(url, { signal, redirect: 'error' });
  if (!response.ok) throw new Error(`${url} returned ${response.status}`);
  const { keys } = AnyJwks.parse(await response.json());
  return keys.flatMap((key) => Key.safeParse(key).data ?? []);
}
