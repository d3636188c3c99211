import 'reflect-metadata';
import { SystemClock } from '@fieldguide/clock';
import type { ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { describe, expect, it } from 'vitest';
import {
  AuthGuard,
  KeySource,
  mayRead,
  RequireScope,
  RevokedSessions,
  TokenRules,
  TokenVerifier,
} from './index.ts';
import { TestKeys } from './testing/index.ts';

const clock = new SystemClock();
const issuer = 'test/test';
class UnreachableKeys extends KeySource {
  override keys(): Promise<never> {
    return Promise.reject(new Error('identity is unreachable'));
  }
}
const guard = (keys: KeySource) =>
  new AuthGuard(
    new Reflector(),
    new TokenVerifier(new TokenRules(issuer, issuer), keys, new RevokedSessions(clock), clock),
  );
const request = (authorization?: string) =>
  ({
    getType: () => 'http',
    getHandler: () => request,
    getClass: () => AuthGuard,
    switchToHttp: () => ({ getRequest: () => ({ headers: { authorization } }) }),
  }) as unknown as ExecutionContext;

describe('the guard', () => {
  it('returns 401 for a missing and for an invalid token', async () => {
    const keys = new TestKeys(issuer);
    for (const header of [undefined, 'Basic abc', 'Bearer abc']) {
      await expect(guard(keys).canActivate(request(header))).rejects.toMatchObject({ status: 401 });
    }
    expect(await guard(keys).canActivate(request(`Bearer ${keys.token('ada', 'a')}`))).toBe(true);
  });
  it('returns 503, not 401, while the keys of identity are unavailable', async () => {
    const token = new TestKeys(issuer).token('ada', 'a');
    const verdict = guard(new UnreachableKeys()).canActivate(request(`Bearer ${token}`));
    await expect(verdict).rejects.toMatchObject({ status: 503 });
  });
});

describe('a required scope', () => {
  const keys = new TestKeys(issuer);
  class Orders {
    @RequireScope('orders:read', 'orders:read:any')
    list() {}
  }
  const list = (scope: string) => {
    const verdict = request(`Bearer ${keys.token('ada', scope)}`);
    return guard(keys).canActivate({ ...verdict, getHandler: () => Orders.prototype.list });
  };

  it('is granted by a token that has it, or one of two alternatives', async () => {
    expect(await list('orders:read')).toBe(true);
    expect(await list('catalog:write orders:read:any')).toBe(true);
  });
  it('returns 403 for a token without it', async () => {
    for (const scope of ['', 'nothing', 'orders:write', 'orders:read:all'])
      await expect(list(scope)).rejects.toMatchObject({ status: 403 });
  });
});

describe('ownership', () => {
  const caller = (id: string, scope: string) => ({
    id,
    kind: 'customer' as const,
    scopes: new Set([scope]),
    sid: 's',
    exp: 0,
  });
  it('is granted to the owner, or by a scope for all resources', () => {
    expect(mayRead(caller('ada', 'orders:read'), 'ada', 'orders:read:any')).toBe(true);
    expect(mayRead(caller('bob', 'orders:read'), 'ada', 'orders:read:any')).toBe(false);
    expect(mayRead(caller('grace', 'orders:read:any'), 'ada', 'orders:read:any')).toBe(true);
  });
});
