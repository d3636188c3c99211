import 'reflect-metadata';
import { CountingIds, ManualClock } from '@fieldguide/clock/testing';
import { MemoryUnitOfWorkRunner } from '@fieldguide/database/parts';
import { beforeEach, describe, expect, it } from 'vitest';
import { ofAccount } from './sign-in-delay.model.ts';
import { attemptOf, SignInThrottle } from './sign-in-throttle.ts';

const [email, home, elsewhere] = ['ada@fieldguide.test', '192.0.2.1', '198.51.100.7'];
const [SECOND, MINUTE, DAY] = [1_000, 60_000, 24 * 60 * 60_000];
const right = async () => true;
const wrong = async () => false;
let clock: ManualClock;
let throttle: SignInThrottle;
beforeEach(() => {
  clock = new ManualClock();
  const parts = { service: 'identity', clock, ids: new CountingIds() };
  throttle = new SignInThrottle(new MemoryUnitOfWorkRunner(parts));
});
const attempt = (address = home, isKnown = false) => attemptOf(email, address, isKnown);
const fail = async (times: number, of = attempt) => {
  for (let i = 0; i < times; i++) expect(await throttle.run(of(), wrong)).toBe(false);
};
const delayed = (seconds: number) => ({
  code: 'identity.signInDelayed',
  status: 429,
  retryAfterSeconds: seconds,
});

describe('failed sign-ins of an account', () => {
  it('are delayed after five, and then the right password is refused, too', async () => {
    await fail(ofAccount.free);
    await expect(throttle.run(attempt(), right)).rejects.toMatchObject(delayed(30));
    clock.advance(30 * SECOND);
    expect(await throttle.run(attempt(), right)).toBe(true);
  });
  it('are delayed at every address, for twice as long with each, up to 15 minutes', async () => {
    await fail(ofAccount.free);
    for (const seconds of [30, 60, 120, 240, 480, 900, 900]) {
      await expect(throttle.run(attempt(elsewhere), right)).rejects.toMatchObject(delayed(seconds));
      clock.advance(seconds * SECOND);
      await fail(1);
    }
  });
  it('are not delayed for longer by refused ones', async () => {
    await fail(ofAccount.free);
    for (let i = 0; i < 50; i++) await throttle.run(attempt(), wrong).catch(() => undefined);
    clock.advance(30 * SECOND);
    expect(await throttle.run(attempt(), right)).toBe(true);
  });
  it('do not delay the customer at an address that began a session', async () => {
    await fail(ofAccount.free, () => attempt(elsewhere));
    expect(await throttle.run(attempt(home, true), right)).toBe(true);
    await fail(ofAccount.free, () => attempt(home, true));
    await expect(throttle.run(attempt(home, true), right)).rejects.toMatchObject(delayed(30));
  });
  it.each([
    ['a success', () => throttle.run(attempt(), right)],
    ['a day', async () => clock.advance(DAY)],
  ])('are forgotten after %s', async (_, forget) => {
    await fail(ofAccount.free - 1);
    await forget();
    await fail(ofAccount.free - 1);
    expect(await throttle.run(attempt(), right)).toBe(true);
  });
  it('do not include an attempt that was not compared', async () => {
    const busy = () => Promise.reject(new Error('busy'));
    for (let i = 0; i < 20; i++)
      await expect(throttle.run(attempt(), busy)).rejects.toThrow('busy');
    expect(await throttle.run(attempt(), right)).toBe(true);
  });
});

describe('failed sign-ins of an address', () => {
  const spray = async (times: number) => {
    for (let i = 0; i < times; i++)
      await throttle.run(attemptOf(`${i}@fieldguide.test`, home, false), wrong);
  };
  it('are delayed for every account after a hundred in an hour', async () => {
    await spray(100);
    await expect(throttle.run(attempt(), right)).rejects.toMatchObject(delayed(30));
    expect(await throttle.run(attempt(elsewhere), right)).toBe(true);
    clock.advance(60 * MINUTE);
    await spray(99);
  });
  it('are not forgotten after a success: it may be the own account of who guesses', async () => {
    await spray(99);
    expect(await throttle.run(attempt(), right)).toBe(true);
    await spray(1);
    await expect(throttle.run(attempt(), right)).rejects.toMatchObject(delayed(30));
  });
});

it('stores neither the e-mail nor the address', () =>
  expect(JSON.stringify(attempt())).not.toMatch(/ada|192/));
