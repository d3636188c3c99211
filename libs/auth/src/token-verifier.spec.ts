import { SystemClock } from '@fieldguide/clock';
import { ManualClock } from '@fieldguide/clock/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  InvalidTokenError,
  KeySource,
  RevokedSessions,
  TokenRules,
  TokenVerifier,
  thumbprintOf,
} from './index.ts';
import { TestKeys } from './testing/index.ts';
import { otherSignature } from './token-format.ts';

const clock = new SystemClock();
const rules = new TokenRules('test/test', 'test/test');
const now = Math.floor(Date.now() / 1_000);
let keys: TestKeys;
let ended: RevokedSessions;
let tokens: TokenVerifier;
beforeEach(() => {
  keys = new TestKeys('test/test');
  ended = new RevokedSessions(clock);
  tokens = new TokenVerifier(rules, keys, ended, clock);
});

describe('the keys', () => {
  /** Identity's keys, of which the pinned ones may sign. */
  class PinnedKeys extends KeySource {
    readonly pins = new Set(['test']);
    fetches = 0;
    override trusted = () => this.pins;
    override async keys() {
      this.fetches += 1;
      if (this.fetches === 1) throw new Error('no healthy instance of identity is known');
      const [key] = await keys.keys();
      const kid = thumbprintOf({ ...key });
      return [{ ...key!, kid }];
    }
  }

  it('are fetched in advance, again after a failure, and when a trusted one is missing', async () => {
    const manual = new ManualClock(new Date().toISOString());
    const source = new PinnedKeys();
    const own = new TokenVerifier(rules, source, ended, manual);
    const ending = new AbortController();
    const done = own.prefetch(ending.signal);
    const fetched = (times: number) =>
      expect
        .poll(() => {
          manual.advance(2_000);
          return source.fetches;
        })
        .toBe(times);
    await fetched(3); // the pin "test" is none of its keys
    ending.abort();
    await done;
  });
  it('sign while their thumbprints are trusted: no longer afterwards, cached or not', async () => {
    const source = new PinnedKeys();
    const [key] = await keys.keys();
    const kid = thumbprintOf({ ...key });
    const token = keys.tokenOf({}, { kid });
    const own = new TokenVerifier(rules, source, ended, clock);
    source.pins.add(kid);
    await expect(own.verify(token)).rejects.toThrow(/no healthy instance/);
    expect(await own.verify(token)).toMatchObject({ id: 'ada' });
    expect(own.verified(token)).toBeDefined();
    source.pins.delete(kid);
    expect(own.verified(token)).toBeUndefined();
    await expect(own.verify(token)).rejects.toThrow(/unknown key/);
  });
  it('are fetched again for a trusted key, and seldom for any other', async () => {
    const source = new PinnedKeys();
    source.fetches = 1;
    const own = new TokenVerifier(rules, source, ended, clock);
    const [key] = await keys.keys();
    const kid = thumbprintOf({ ...key });
    for (let n = 0; n < 3; n++)
      await expect(own.verify(keys.tokenOf({}, { kid: `${n}` }))).rejects.toThrow(/unknown key/);
    expect(source.fetches).toBe(2);
    await expect(own.verify(keys.tokenOf({}, { kid }))).rejects.toThrow(/unknown key/);
    source.pins.add(kid);
    expect(await own.verify(keys.tokenOf({}, { kid }))).toMatchObject({ id: 'ada' });
  });
});

describe('a token', () => {
  it('identifies the caller', async () => {
    const claims = await tokens.verify(keys.token('ada', 'orders:read orders:write'));
    expect(claims).toMatchObject({ id: 'ada', kind: 'customer', sid: 'session-of-ada' });
    expect([...claims.scopes]).toEqual(['orders:read', 'orders:write']);
  });
  it('is known after its verification, until it expires or its session ends', async () => {
    const manual = new ManualClock(new Date().toISOString());
    const own = new TokenVerifier(rules, keys, ended, manual);
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
    const token = keys.token('ada', 'a', { expiresInSeconds: -10 });
    await expect(tokens.verify(token)).rejects.toThrow(/exp/);
  });
  it('is rejected when expired by the clock of the service', async () => {
    const later = new ManualClock(new Date(Date.now() + 700_000).toISOString());
    const own = new TokenVerifier(rules, keys, ended, later);
    await expect(own.verify(keys.token('ada', 'a'))).rejects.toThrow(/exp/);
  });
  it('is rejected when its text is no token', async () => {
    for (const text of ['nonsense', 'a.b', '', '..', `${keys.token('ada', 'a')}.`])
      await expect(tokens.verify(text)).rejects.toThrow(InvalidTokenError);
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
    ['a list of scopes', { scope: ['orders:read'] }],
    ['an unknown kind', { kind: 'root' }],
    ['no issuer', { iss: undefined }],
    ['another issuer', { iss: 'test/local' }],
    ['no audience', { aud: undefined }],
    ['another audience', { aud: 'test/local' }],
    ['an audience of others', { aud: ['a', 'b'] }],
    ['no subject', { sub: undefined }],
    ['no id', { jti: undefined }],
    ['no time of issue', { iat: undefined }],
    ['a time of issue in the future', { iat: now + 60 }],
    ['no expiry', { exp: undefined }],
    ['an expiry as text', { exp: `${now + 60}` }],
    ['an expiry out of range', { exp: 1e99 }],
    ['a fractional expiry', { iat: now, exp: now + 60.5 }],
    ['an expiry in ten years', { exp: now + 315_360_000 }],
    ['a long lifetime', { iat: now - 10, exp: now + 3_601 }],
    ['an early issue', { iat: now - 3_700, exp: now + 60 }],
    ['a start in the future', { nbf: now + 60 }],
  ])('is rejected with %s, although its signature is valid', async (_, claims) => {
    await expect(tokens.verify(keys.tokenOf(claims))).rejects.toThrow(InvalidTokenError);
  });
  it.each([
    ['no type', { typ: undefined }],
    ['the type of an ID token', { typ: 'JWT' }],
    ['no algorithm', { alg: undefined }],
    ['the algorithm none', { alg: 'none' }],
    ['a symmetric algorithm', { alg: 'HS256' }],
    ['an unknown extension', { crit: ['x'], x: 1 }],
    ['a known extension', { crit: ['b64'], b64: true }],
    ['an empty list of extensions', { crit: [] }],
    ['an unencoded payload', { b64: false }],
    ['no key id', { kid: undefined }],
    ['an unknown key id', { kid: '../../test' }],
  ])('is rejected with %s in its header', async (_, header) => {
    await expect(tokens.verify(keys.tokenOf({}, header))).rejects.toThrow(InvalidTokenError);
  });
  it('is rejected with the other signature of the same content', async () => {
    for (let n = 0; n < 8; n++) {
      const token = keys.token(`customer-${n}`, 'a');
      await tokens.verify(token);
      const at = token.lastIndexOf('.') + 1;
      const other = otherSignature(Buffer.from(token.slice(at), 'base64url'));
      const twin = token.slice(0, at) + other.toString('base64url');
      await expect(tokens.verify(twin)).rejects.toThrow(/high s/);
    }
  });
  it('may have any signature when its issuer does not choose the lower one', async () => {
    const own = new TokenVerifier(
      new TokenRules('test/test', 'test/test', false),
      keys,
      ended,
      clock,
    );
    const token = keys.token('ada', 'a');
    const at = token.lastIndexOf('.') + 1;
    const other = otherSignature(Buffer.from(token.slice(at), 'base64url'));
    expect(await own.verify(token.slice(0, at) + other.toString('base64url'))).toBeDefined();
  });
  it.each(['.', '=', ' ', '\n'])('is rejected when "%s" follows', async (suffix) => {
    const token = keys.token('ada', 'a');
    await tokens.verify(token);
    await expect(tokens.verify(token + suffix)).rejects.toThrow(InvalidTokenError);
  });
  it('is rejected when a part has another spelling', async () => {
    const token = keys.token('ada', 'a');
    // 64 bytes take 86 characters; the last one carries two bits only, so 15 others decode to the same bytes.
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const twin = token.slice(0, -1) + alphabet[alphabet.indexOf(token.at(-1)!) + 1];
    expect(Buffer.from(twin.split('.')[2]!, 'base64url')).toEqual(
      Buffer.from(token.split('.')[2]!, 'base64url'),
    );
    await expect(tokens.verify(twin)).rejects.toThrow(/canonical/);
  });
  it('is accepted with several audiences, and within the allowed difference of clocks', async () => {
    const claims = { aud: ['other', 'test/test'], iat: now + 2, exp: now + 300 };
    expect(await tokens.verify(keys.tokenOf(claims))).toMatchObject({ id: 'ada', sid: 's' });
  });
  it('of another issuer identifies a person by its subject, and a client by its own id', async () => {
    const foreign = { kind: undefined, sid: undefined, jti: 'once' };
    const verify = (claims: object) => tokens.verify(keys.tokenOf({ ...foreign, ...claims }));
    const { scopes, ...ada } = await verify({ scope: undefined });
    expect(ada).toMatchObject({ id: 'ada', kind: 'customer', sid: 'once' });
    expect(scopes.size).toBe(0);
    expect(await verify({ sub: 'job', client_id: 'job' })).toMatchObject({ kind: 'service' });
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
