import type { TokenRequest } from '@fieldguide/contracts/identity';
import { describe, expect, it } from 'vitest';
import { ApiError } from '../api/api-error.ts';
import { memoryStorage } from '../loading/testing/memory-storage.ts';
import { returnTo } from './return-to.ts';
import { SESSION_KEY, Session } from './session.ts';

const START_MS = Date.parse('2030-01-01T12:00:00Z');
const SECONDS = 600;
const claims = btoa(JSON.stringify({ sub: 'ada', scope: 'orders:read orders:write' }));

/** Identity's rule: each refresh token is accepted once, and a repeated one ends the session. */
class Identity {
  #uses = 0;
  hasEnded = false;
  isAway = false;

  readonly signIn = async (request: TokenRequest) => {
    await Promise.resolve();
    if (this.isAway) throw new TypeError('no connection');
    if (request.grantType === 'refreshToken' && request.refreshToken !== `sid.${this.#uses}`)
      this.hasEnded = true;
    if (this.hasEnded) throw problem(401, '/problems/identity.sessionEnded');
    const use = ++this.#uses;
    const accessToken = `header.${claims}.${use}`;
    return { accessToken, refreshToken: `sid.${use}`, expiresInSeconds: SECONDS };
  };
}
const problem = (status: number, type: string) => new ApiError({ type, status, title: 'Why.' });

function browser() {
  const identity = new Identity();
  const storage = memoryStorage();
  let last: Promise<unknown> = Promise.resolve();
  let nowMs = START_MS;
  const exclusively = <T>(work: () => Promise<T>): Promise<T> => {
    const next = last.then(work);
    last = next.catch(() => undefined);
    return next;
  };
  const tab = () =>
    new Session({ storage, exclusively, signIn: identity.signIn, now: () => nowMs });
  return { identity, storage, tab, wait: (ms: number) => (nowMs += ms) };
}

describe('a session', () => {
  it('is resumed by a tab that is opened later', async () => {
    const { tab } = browser();
    await tab().signIn('ada@fieldguide.test', 'correct horse');
    const later = tab();
    expect(later.state).toEqual({ status: 'resuming' });
    expect(await later.current()).toBeDefined();
    expect(later.state).toEqual({ status: 'signedIn', caller: { id: 'ada', isStaff: false } });
  });
  it('outlives a refresh in two tabs, with several requests each, at the same time', async () => {
    const { tab, wait, identity } = browser();
    const [one, other] = [tab(), tab()];
    await one.signIn('ada@fieldguide.test', 'correct horse');
    await other.current();
    wait(SECONDS * 1_000);
    const tokens = await Promise.all([one, one, other, other].map((each) => each.current()));
    expect(identity.hasEnded).toBe(false);
    expect(new Set(tokens).size).toBe(2);
  });
  it('renews a rejected token once for all requests that it failed', async () => {
    const { tab } = browser();
    const session = tab();
    await session.signIn('ada@fieldguide.test', 'correct horse');
    const old = (await session.current())!;
    const [first, second] = await Promise.all([session.renew(old), session.renew(old)]);
    expect(first).not.toBe(old);
    expect(second).toBe(first);
  });
  it('ends when identity ends it', async () => {
    const { tab, identity, storage } = browser();
    const session = tab();
    await session.signIn('ada@fieldguide.test', 'correct horse');
    identity.hasEnded = true;
    expect(await session.renew(await session.current())).toBeUndefined();
    expect(session.state).toEqual({ status: 'ended' });
    expect(storage.getItem(SESSION_KEY)).toBeNull();
  });
  it('is kept while identity does not answer', async () => {
    const { tab, identity, storage } = browser();
    await tab().signIn('ada@fieldguide.test', 'correct horse');
    identity.isAway = true;
    const session = tab();
    await expect(session.current()).rejects.toThrow('no connection');
    expect(storage.getItem(SESSION_KEY)).toBe('sid.1');
    identity.isAway = false;
    expect(await session.current()).toBeDefined();
  });
  it('ends in every tab when one signs out, and stays when one refreshes', async () => {
    const { tab, storage } = browser();
    const [one, other] = [tab(), tab()];
    await one.signIn('ada@fieldguide.test', 'correct horse');
    await other.current();
    one.onStorageChange();
    expect(one.state.status).toBe('signedIn');
    other.forget();
    one.onStorageChange();
    expect(one.state).toEqual({ status: 'anonymous' });
    expect(await one.current()).toBeUndefined();
    expect(storage.getItem(SESSION_KEY)).toBeNull();
  });
  it('stores no access token', async () => {
    const { tab, storage } = browser();
    await tab().signIn('ada@fieldguide.test', 'correct horse');
    expect(storage.getItem(SESSION_KEY)).toBe('sid.1');
    expect(storage.keys()).toEqual([SESSION_KEY]);
  });
});

describe('the page after signing in', () => {
  it('is the one before', () => {
    expect(returnTo('returnTo=%2Fshop%2Fcart')).toBe('/shop/cart');
    expect(returnTo('')).toBe('/');
  });
  it.each([
    'https://elsewhere.test',
    '//elsewhere.test',
    '/\\elsewhere.test',
    '/\t/elsewhere.test',
    'javascript:alert(1)',
  ])('is never %s', (address) =>
    expect(returnTo(`returnTo=${encodeURIComponent(address)}`)).toBe('/'),
  );
});
