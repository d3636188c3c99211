import { createPublicKey, type KeyObject } from 'node:crypto';
import type { Clock } from '@fieldguide/clock';
import { jwtVerify } from 'jose';
import { z } from 'zod';
import type { CallerClaims } from './decorators.ts';
import type { RevokedSessions } from './revoked-sessions.ts';
import { keyIdOf, thumbprintOf } from './token-format.ts';

/** A public key as identity publishes it (RFC 7517). */
export interface PublicKey {
  readonly kid: string;
  readonly kty: string;
  readonly crv?: string;
  readonly x?: string;
  readonly y?: string;
}

/** Source of the public keys: the issuer's JWKS, or identity's own keys. */
export abstract class KeySource {
  abstract keys(): Promise<readonly PublicKey[]>;

  /**
   * Thumbprints (RFC 7638) of the keys that may sign, which change while the service runs; undefined when every key
   * of the source may.
   */
  trusted(): ReadonlySet<string> | undefined {
    return undefined;
  }
}

/** The token is not valid. Callers receive 401 without the reason. */
export class InvalidTokenError extends Error {
  override name = 'InvalidTokenError';
}

/** The token of an `Authorization: Bearer …` header, if it is one. */
export function bearerToken(header: string | undefined): string | undefined {
  return /^Bearer (.+)$/i.exec(header ?? '')?.[1];
}

/** The issuer whose tokens are accepted, and the audience that they must name. */
export class TokenRules {
  constructor(
    readonly issuer: string,
    readonly audience: string,
    /** Of the two signatures of a content only the one with the lower s counts: identity signs so, others may not. */
    readonly lowS = true,
  ) {}
}

const TOKEN_MAX_SECONDS = 3_600;
const CLOCK_SKEW_SECONDS = 5;

/**
 * What is read of the claims; a valid signature alone does not guarantee their shape. A token of another issuer has
 * neither `kind` nor `sid`: then a client of its own is a service, and the token itself is its session.
 */
const Claims = z
  .object({
    sub: z.string().min(1),
    client_id: z.string().optional(),
    kind: z.enum(['customer', 'staff', 'service']).optional(),
    scope: z.string().default(''),
    jti: z.string().min(1),
    sid: z.string().min(1).optional(),
    iat: z.int(),
    exp: z.int(),
  })
  .refine(({ iat, exp }) => exp - iat <= TOKEN_MAX_SECONDS, 'its lifetime is too long');

const CACHED_MAX = 10_000;
const CACHED_MS = 60_000;
const FETCH_AGAIN_MS = 5_000;
const PREFETCH_AGAIN_MS = 2_000;

/**
 * Verifies access tokens as RFC 9068 and RFC 8725 require: ES256 only. A verified token is cached under the *whole* token (cache keys built from a part of it mixed up
 * identities in a well-known library, GHSA-rp9m-7r4c-75qg), for at most a minute and never past its expiry.
 * A token of a revoked session is rejected immediately, cached or not.
 */
export class TokenVerifier {
  readonly #rules: TokenRules;
  readonly #source: KeySource;
  readonly #revoked: RevokedSessions;
  readonly #clock: Clock;
  readonly #cache = new Map<string, { claims: CallerClaims; until: number; by: string }>();
  #keys = new Map<string, { key: KeyObject; thumbprint: string }>();
  #fetchedAt = Number.NEGATIVE_INFINITY;
  #fetching: Promise<void> | undefined;

  constructor(rules: TokenRules, source: KeySource, ended: RevokedSessions, clock: Clock) {
    this.#rules = rules;
    this.#source = source;
    this.#revoked = ended;
    this.#clock = clock;
  }

  /** Fetches keys before the first token needs them: at first, and when a trusted one is missing. Never rejects. */
  async prefetch(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      if (!this.#hasAllKeys()) await this.#fetchOnce().catch(() => undefined);
      await this.#clock.sleep(PREFETCH_AGAIN_MS, signal).catch(() => undefined);
    }
  }

  /** Whether the keys were fetched, and every trusted one is among them. */
  #hasAllKeys(): boolean {
    const known = new Set([...this.#keys.values()].map(({ thumbprint }) => thumbprint));
    const trusted = [...(this.#source.trusted() ?? [])];
    return Number.isFinite(this.#fetchedAt) && trusted.every((each) => known.has(each));
  }

  /** @throws InvalidTokenError */
  async verify(token: string): Promise<CallerClaims> {
    const now = this.#clock.now().getTime();
    const claims = this.#cached(token, now) ?? (await this.#check(token, now));
    if (this.#revoked.has(claims.sid)) throw new InvalidTokenError('its session has ended');
    return claims;
  }

  /** The claims of a valid token that was verified a short while ago; undefined for any other: then `verify`. */
  verified(token: string): CallerClaims | undefined {
    const claims = this.#cached(token, this.#clock.now().getTime());
    return claims && !this.#revoked.has(claims.sid) ? claims : undefined;
  }

  #cached(token: string, now: number): CallerClaims | undefined {
    const known = this.#cache.get(token);
    return known && known.until > now && this.#trusts(known.by) ? known.claims : undefined;
  }

  async #check(token: string, now: number): Promise<CallerClaims> {
    this.#cache.delete(token);
    const found = await this.#keyFor(this.#keyIdOf(token), now);
    if (!found) throw new InvalidTokenError('it is signed with an unknown key');
    const claims = await this.#verified(token, found.key, now);
    if (this.#cache.size >= CACHED_MAX) this.#cache.delete(this.#cache.keys().next().value!);
    const until = Math.min(claims.exp * 1_000, now + CACHED_MS);
    this.#cache.set(token, { claims, until, by: found.thumbprint });
    return claims;
  }

  #keyIdOf(token: string): string {
    try {
      return keyIdOf(token, this.#rules.lowS);
    } catch (error) {
      throw new InvalidTokenError((error as Error).message);
    }
  }

  async #verified(token: string, key: KeyObject, now: number): Promise<CallerClaims> {
    try {
      const { payload } = await jwtVerify(token, key, {
        issuer: this.#rules.issuer,
        audience: this.#rules.audience,
        algorithms: ['ES256'],
        currentDate: new Date(now),
        clockTolerance: CLOCK_SKEW_SECONDS,
        maxTokenAge: TOKEN_MAX_SECONDS,
      });
      const { sub: id, scope, exp, ...claims } = Claims.parse(payload);
      const { kind = claims.client_id === id ? 'service' : 'customer', sid = claims.jti } = claims;
      return { id, kind, scopes: new Set(scope.split(' ').filter(Boolean)), sid, exp };
    } catch (error) {
      throw new InvalidTokenError((error as Error).message);
    }
  }

  /** Fetches the keys again for a trusted key that is missing; for any other key id at most every few seconds. */
  async #keyFor(kid: string, now: number) {
    const isExpected = this.#source.trusted()?.has(kid) || now - this.#fetchedAt >= FETCH_AGAIN_MS;
    if (!this.#keys.has(kid) && isExpected) await this.#fetchOnce();
    const found = this.#keys.get(kid);
    return found && this.#trusts(found.thumbprint) ? found : undefined;
  }

  #trusts(thumbprint: string): boolean {
    return this.#source.trusted()?.has(thumbprint) ?? true;
  }

  #fetchOnce(): Promise<void> {
    this.#fetching ??= this.#fetch(this.#clock.now().getTime()).finally(() => {
      this.#fetching = undefined;
    });
    return this.#fetching;
  }

  async #fetch(now: number): Promise<void> {
    const keys = await this.#source.keys();
    this.#keys = new Map(
      keys.map((jwk) => {
        const key = createPublicKey({ key: { ...jwk }, format: 'jwk' });
        return [jwk.kid, { key, thumbprint: thumbprintOf({ ...jwk }) }];
      }),
    );
    this.#fetchedAt = now;
    this.#cache.clear();
  }
}
