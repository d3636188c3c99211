/** How long a stored response may be used, from its Cache-Control (RFC 9111, RFC 5861). */
export interface Lifetime {
  readonly freshMs: number;
  /** After it was fresh: used immediately, while a newer one is fetched. */
  readonly staleWhileRevalidateMs: number;
  /** After it was fresh: used when no newer one can be fetched. */
  readonly staleIfErrorMs: number;
}

/**
 * Returns the lifetime in a cache that all callers share; undefined: must not be stored. `public` is required, because
 * requests with a token get the response, too (RFC 9111, 3.5).
 */
export function lifetimeOf(cacheControl: string | undefined): Lifetime | undefined {
  const directives = new Map(
    (cacheControl ?? '')
      .toLowerCase()
      .split(',')
      .map((each) => {
        const [name = '', value = ''] = each.trim().split('=', 2);
        return [name, value.replaceAll('"', '')] as const;
      }),
  );
  const isForbidden = ['no-store', 'no-cache', 'private'].some((name) => directives.has(name));
  if (isForbidden || !directives.has('public')) return undefined;
  const msOf = (name: string) => {
    const value = directives.get(name) ?? '';
    return /^\d{1,9}$/.test(value) ? Number(value) * 1_000 : 0;
  };
  const freshMs = directives.has('s-maxage') ? msOf('s-maxage') : msOf('max-age');
  if (freshMs === 0) return undefined;
  const forbidStale = ['must-revalidate', 'proxy-revalidate', 's-maxage'];
  if (forbidStale.some((name) => directives.has(name)))
    return { freshMs, staleWhileRevalidateMs: 0, staleIfErrorMs: 0 };
  const staleWhileRevalidateMs = msOf('stale-while-revalidate');
  return { freshMs, staleWhileRevalidateMs, staleIfErrorMs: msOf('stale-if-error') };
}
