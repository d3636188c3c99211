import { SystemClock } from '@fieldguide/clock';
import { ManualClock } from '@fieldguide/clock/testing';
import jwt from 'jsonwebtoken';
import { beforeEach, describe, expect, it } from 'vitest';
import { InvalidTokenError, RevokedSessions, TokenVerifier } from './index.ts';
import { TestKeys } from './testing/index.ts';

const clock = new SystemClock();
let keys: TestKeys;
let ended: RevokedSessions;
let tokens: TokenVerifier;
beforeEach(() => {
  keys = new TestKeys('test/test');
  ended = new RevokedSessions(clock);
  tokens = new TokenVerifier('test/test', keys, ended, clock);
});

it('fetches the keys in advance, again after a failure', async () => {
  const manual = new ManualClock(new Date().toISOString());
  let fetches = 0;
  const flaky = {
    keys: async () => {
      fetches += 1;
      if (fetches === 1) throw new Error('no healthy instance of identity is known');
      return keys.keys();
    },
  };
  const own = new TokenVerifier('test/test', flaky, ended, manual);
  let isFetched = false;
  void own.prefetch(new AbortController().signal).then(() => {
    isFetched = true;
  });
  await expect
    .poll(() => {
      manual.advance(2_000);
      return isFetched;
    })
    .toBe(true);
  expect(fetches).toBe(2);
  await own.verify(keys.token('ada', 'a')); // needs no third one
  expect(fetches).toBe(2);
});

describe('a token', () => {
  it('identifies the caller', async () => {
    const claims = await tokens.verify(keys.token('ada', 'orders:read orders:write'));
    expect(claims).toMatchObject({ id: 'ada', kind: 'customer', sid: 'session-of-ada' });
    expect([...claims.scopes]).toEqual(['orders:read', 'orders:write']);
  });
  it('is known after its verification, until it expires or its session ends', async () => {
    const manual = new ManualClock(new Date().toISOString());
    const own = new TokenVerifier('test/test', keys, ended, manual);
    const token = keys.token('ada', 'a', { expiresInSeconds: 30 });
    expect(own.verified(token)).toBeUndefined();
    const claims = await own.verify(token);
    expect(own.verified(token)).toBe(claims);
    expect(own.verified(`${token}x`)).toBeUndefined();
    manual.advance(31_000);
    expect(own.verified(token)).toBeUndefined();

    const other = keys.token('bob', 'a');
    await own.verify(other);
    ended.revoke('session-of-bob', manual.fromNow(600_000));
    expect(own.verified(other)).toBeUndefined();
  });
  it('is rejected when signed with another key', async () => {
    await tokens.verify(keys.token('ada', 'a'));
    await expect(tokens.verify(new TestKeys('test/test').token('ada', 'a'))).rejects.toThrow(
      InvalidTokenError,
    );
  });
  it('is rejected when expired', async () => {
    const token = keys.token('ada', 'a', { expiresInSeconds: -1 });
    await expect(tokens.verify(token)).rejects.toThrow(/expired/);
  });
  it('is rejected when issued for another environment', async () => {
    const elsewhere = new TokenVerifier('test/local', keys, ended, clock);
    await expect(elsewhere.verify(keys.token('ada', 'a'))).rejects.toThrow(/issuer/);
  });
  it('is rejected with another algorithm', async () => {
    const token = jwt.sign({ sid: 'x' }, 'secret', { algorithm: 'HS256', keyid: 'test' });
    await expect(tokens.verify(token)).rejects.toThrow(/algorithm/);
    await expect(tokens.verify('nonsense')).rejects.toThrow(InvalidTokenError);
  });
  it.each([
    ['not JSON', 'no JSON'],
    ['a string', '"text"'],
    ['null', 'null'],
    ['nothing', ''],
  ])('is rejected when its payload is %s', async (_, payload) => {
    const [header, , signature] = keys.token('ada', 'a').split('.');
    const token = `${header}.${Buffer.from(payload).toString('base64url')}.${signature}`;
    await expect(tokens.verify(token)).rejects.toThrow(InvalidTokenError);
  });
  it.each([
    ['no scope', { scope: undefined }],
    ['a list of scopes', { scope: ['orders:read'] }],
    ['no session', { sid: undefined }],
    ['an unknown kind', { kind: 'root' }],
    ['no subject', { sub: undefined }],
    ['an expiry out of range', { exp: 1e99 }],
  ])('is rejected with %s, although its signature is valid', async (_, claims) => {
    await expect(tokens.verify(keys.tokenOf(claims))).rejects.toThrow(InvalidTokenError);
  });
  it('is rejected immediately when its session has ended, although it is cached', async () => {
    const token = keys.token('ada', 'a');
    await tokens.verify(token);
    ended.revoke('session-of-ada', clock.fromNow(60_000));
    await expect(tokens.verify(token)).rejects.toThrow(/session/);
  });
  it('is never confused with that of another caller, and the keys are fetched once', async () => {
    const [ada, bob] = [keys.token('ada', 'a'), keys.token('bob', 'b')];
    for (let i = 0; i < 3; i++) {
      expect((await tokens.verify(ada)).id).toBe('ada');
      expect((await tokens.verify(bob)).id).toBe('bob');
    }
    expect(keys.requests).toBe(1);
  });
});
