import { ManualClock } from '@fieldguide/clock/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Received } from './receive.ts';
import { type Answer, type Fetch, ResponseCache } from './response-cache.ts';

const CONTROL = 'public, max-age=5, stale-while-revalidate=30, stale-if-error=60';
const PATH = '/products/7';
const ok = (text: string, ...headers: string[]): Received => ({
  status: 200,
  headers: ['cache-control', CONTROL, 'etag', `W/"${text}"`, ...headers],
  body: Buffer.from(text),
});
const failed: Received = { status: 503, headers: [], body: Buffer.from('{}') };

let clock: ManualClock;
let cache: ResponseCache;
let fetches: (string | undefined)[];
beforeEach(() => {
  clock = new ManualClock();
  cache = new ResponseCache(clock, 20_000);
  fetches = [];
});

/** What the service returns to each fetch; the last one again and again. */
const service =
  (...responses: (Received | Error | Promise<Received>)[]): Fetch =>
  async (etag) => {
    const response = await (responses[fetches.length] ?? responses.at(-1)!);
    fetches.push(etag);
    if (response instanceof Error) throw response;
    return response;
  };
const get = async (fetch: Fetch, url = PATH, path = PATH) =>
  shown(await cache.get(url, path, fetch));
const shown = ({ response, cacheStatus, ageSeconds }: Answer) =>
  `${response?.status} ${response?.body} ${cacheStatus}${ageSeconds === undefined ? '' : ` age ${ageSeconds}`}`;

describe('a stored response', () => {
  it('is used while it is fresh, then once more while a newer one is fetched', async () => {
    const catalog = service(ok('one'), ok('two'));
    expect(await get(catalog)).toBe('200 one gateway; fwd=uri-miss; fwd-status=200; stored');
    clock.advance(4_999);
    expect(await get(catalog)).toBe('200 one gateway; hit; ttl=0 age 4');
    clock.advance(1);
    expect(fetches).toHaveLength(1);
    expect(await get(catalog)).toBe('200 one gateway; hit; ttl=0 age 5');
    await expect.poll(() => get(catalog)).toBe('200 two gateway; hit; ttl=5 age 0');
    expect(fetches).toEqual([undefined, 'W/"one"']);
  });

  it('is revalidated after that, and stays when the service answers 304', async () => {
    const notModified = { status: 304, headers: ['cache-control', CONTROL], body: Buffer.alloc(0) };
    const catalog = service(ok('one'), notModified);
    await get(catalog);
    clock.advance(36_000);
    expect(await get(catalog)).toBe('200 one gateway; fwd=stale; fwd-status=304; stored');
    expect(await get(catalog)).toBe('200 one gateway; hit; ttl=5 age 0');
  });

  it.each([
    ['the service fails', service(ok('one'), failed)],
    ['the service cannot be reached', service(ok('one'), new Error('no healthy instance'))],
  ])('is used, marked, as long as permitted when %s', async (_case, catalog) => {
    await get(catalog);
    clock.advance(36_000);
    const stale = '200 one gateway; hit; ttl=-31; detail=stale-if-error age 36';
    expect([await get(catalog), await get(catalog)]).toEqual([stale, stale]);
    expect(fetches).toHaveLength(2); // requested again after some seconds only
    clock.advance(5_000);
    await get(catalog);
    expect(fetches).toHaveLength(3);
    clock.advance(24_000);
    const last = await get(catalog).catch((error: Error) => error.message);
    expect(last).toMatch(/^503 |no healthy/);
  });

  it('is marked as soon as a refresh in the background has failed', async () => {
    const catalog = service(ok('one'), failed);
    await get(catalog);
    clock.advance(6_000);
    expect(await get(catalog)).toBe('200 one gateway; hit; ttl=-1 age 6');
    const marked = '200 one gateway; hit; ttl=-1; detail=stale-if-error age 6';
    await expect.poll(() => get(catalog)).toBe(marked);
    expect(fetches).toHaveLength(2);
  });

  it('is used when the service does not respond within a second, and replaced when it does', async () => {
    const late = Promise.withResolvers<Received>();
    const catalog = service(ok('one'), late.promise);
    await get(catalog);
    clock.advance(36_000);
    const answer = get(catalog);
    await Promise.resolve();
    clock.advance(1_000);
    expect(await answer).toBe('200 one gateway; hit; ttl=-32; detail=stale-if-error age 37');
    late.resolve(ok('two'));
    await expect.poll(() => get(catalog)).toBe('200 two gateway; hit; ttl=5 age 0');
  });

  it('is forgotten when the service has no such resource any more', async () => {
    const gone = { status: 404, headers: [], body: Buffer.from('gone') };
    const catalog = service(ok('one'), gone, failed);
    await get(catalog);
    clock.advance(36_000);
    expect(await get(catalog)).toBe('404 gone gateway; fwd=stale; fwd-status=404');
    expect(await get(catalog)).toMatch(/^503 /);
  });
});

describe('a changed resource', () => {
  it('is fetched again, whatever the query, and so is its collection', async () => {
    const catalog = service(ok('one'));
    const urls = [PATH, `${PATH}?x`, '/products', '/products?limit=5', '/products/8'];
    const all = () => Promise.all(urls.map((url) => get(catalog, url, url.split('?')[0])));
    await all();
    cache.invalidate(PATH);
    expect((await all()).map((each) => each.includes('hit'))).toEqual([
      ...[false, false, false, false],
      true,
    ]);
  });

  it('is served marked when the service fails', async () => {
    const catalog = service(ok('one'), failed);
    await get(catalog);
    cache.invalidate(PATH);
    expect(await get(catalog)).toBe('200 one gateway; hit; ttl=5; detail=stale-if-error age 0');
  });

  it('is not stored from a response that was requested before, nor do later requests wait for it', async () => {
    const early = Promise.withResolvers<Received>();
    const before = get(() => early.promise);
    await Promise.resolve();
    cache.invalidate(PATH);
    const after = get(service(ok('new')));
    expect(await after).toBe('200 new gateway; fwd=uri-miss; fwd-status=200; stored');
    early.resolve(ok('old'));
    expect(await before).toBe('200 old gateway; fwd=uri-miss; fwd-status=200');
    expect(await get(service(failed))).toMatch(/^200 new gateway; hit/);
  });
});

describe('the cache', () => {
  it('shares one fetch between concurrent requests, and its failure', async () => {
    const catalog = service(ok('one'));
    const all = await Promise.all(Array.from({ length: 500 }, () => get(catalog)));
    expect(fetches).toHaveLength(1);
    expect(all.filter((each) => each.endsWith('collapsed'))).toHaveLength(499);
    const down = service(new Error('down'));
    const errors = await Promise.allSettled([get(down, '/x'), get(down, '/x')]);
    expect(errors.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(fetches).toHaveLength(2);
  });

  it.each([
    ['private, max-age=5'],
    ['public, max-age=5, no-store'],
    ['public, no-cache, max-age=5'],
    ['max-age=5'],
    ['public, max-age=0, stale-if-error=60'],
    ['public, max-age=5x'],
    [''],
  ])('stores nothing with Cache-Control: %s', async (control) => {
    const response = { ...ok('one'), headers: ['cache-control', control] };
    await get(service(response));
    expect(cache.bytes).toBe(0);
  });

  it('stores no error, whatever its Cache-Control', async () => {
    await get(service({ ...ok('gone'), status: 404 }));
    expect(cache.bytes).toBe(0);
  });

  it.each([
    ['Vary on a header of the caller', ['vary', 'Accept-Language']],
    ['a cookie', ['set-cookie', 'a=b']],
    ['an encoding that was not accepted', ['content-encoding', 'br']],
  ])('shares nothing with %s', async (_case, headers) => {
    expect(await get(service(ok('one', ...headers)))).toMatch(/^undefined /);
    expect(cache.bytes).toBe(0);
  });

  it('does not use a stale response that must be revalidated', async () => {
    const control = 'public, max-age=5, must-revalidate, stale-if-error=60';
    const catalog = service({ ...ok('one'), headers: ['cache-control', control] }, failed);
    await get(catalog);
    clock.advance(5_000);
    expect(await get(catalog)).toMatch(/^503 /);
  });

  it('evicts what was not used for longest, and holds no more than its maximum of bytes', async () => {
    const large = service(ok('x'.repeat(2_000))); // and its ETag: three of them fit
    const read = (n: number) => get(large, `/${n}`, `/${n}`);
    for (const n of [1, 2, 3, 1, 4]) {
      await read(n);
      expect(cache.bytes).toBeLessThanOrEqual(20_000);
    }
    expect(await read(1)).toContain('hit');
    expect(await read(2)).not.toContain('hit');
    const tooLarge = await get(service(ok('x'.repeat(30_000))), '/large', '/large');
    expect(tooLarge).not.toContain('stored');
  });
});
