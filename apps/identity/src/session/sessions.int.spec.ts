import 'reflect-metadata';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { TwoInstances } from '../testing/two-instances.ts';

let identity: TwoInstances;
beforeAll(async () => {
  identity = await TwoInstances.open(inject('backing').postgres, 'int_sessions');
});
afterAll(() => identity.close());

let email: string;
let [accounts, sent] = [0, 0];
beforeEach(async () => {
  accounts += 1;
  email = `ada-${accounts}@fieldguide.test`;
  await identity.register(email);
});
const begin = async (device = 'Firefox', password?: string) =>
  (await identity.signIn(email, password, { device, address: `192.0.2.${sent++ % 200}` })).body;
const sidOf = ({ refreshToken }: { refreshToken: string }) => refreshToken.split('.')[0]!;
const age = (sid: string, set: string) =>
  identity.database.query(`UPDATE sessions SET ${set} WHERE sid = $1`, [sid]);
const published = async (sid: string) =>
  (await identity.database.query("SELECT FROM outbox WHERE envelope ->> 'subject' = $1", [sid]))
    .length;
const tokenOf = ({ accessToken }: { accessToken: string }) => ({ token: accessToken });

describe('refreshing', () => {
  it('concurrently in twenty tabs at two instances gives each the same next token', async () => {
    const begun = await begin();
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => identity.refresh(begun.refreshToken)),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200));
    expect(new Set(answers.map(({ body }) => body.refreshToken)).size).toBe(1);
    expect((await identity.refresh(answers[0]!.body.refreshToken)).status).toBe(200);
    expect(await published(sidOf(begun))).toBe(0);
  });
  it('with a token that was used more than ten seconds ago ends the session', async () => {
    const begun = await begin();
    const next = (await identity.refresh(begun.refreshToken)).body;
    await age(sidOf(begun), "refreshed_at = now() - interval '11 seconds'");
    expect((await identity.refresh(begun.refreshToken)).status).toBe(401);
    expect((await identity.refresh(next.refreshToken)).status).toBe(401);
    expect(await published(sidOf(begun))).toBe(1);
  });
  it('with the token before the previous one, or an invented one, ends the session', async () => {
    for (const stale of [
      async (first: string) => first,
      async (first: string) => `${first.split('.')[0]}.invented`,
    ]) {
      const { refreshToken: first } = await begin();
      const second = (await identity.refresh(first)).body.refreshToken;
      const third = (await identity.refresh(second)).body.refreshToken;
      expect((await identity.refresh(await stale(first))).status).toBe(401);
      expect((await identity.refresh(third)).status).toBe(401);
    }
  });
  it('ends at the idle limit, and extends it', async () => {
    const [begun, idle] = [await begin(), await begin()];
    await age(sidOf(begun), "expires_at = now() + interval '1 minute'");
    await age(sidOf(idle), "expires_at = now() - interval '1 second'");
    expect((await identity.refresh(idle.refreshToken)).body.type).toBe(
      '/problems/identity.sessionEnded',
    );
    const refreshed = (await identity.refresh(begun.refreshToken)).body;
    const { body } = await identity.send('GET', '/auth/sessions', tokenOf(refreshed));
    const days = (Date.parse(body.items[0].expiresAt) - Date.now()) / 86_400_000;
    expect(days).toBeCloseTo(14, 1);
  });
  it('extends no session past its absolute limit', async () => {
    const begun = await begin();
    await age(sidOf(begun), "begun_at = now() - interval '29 days'");
    const refreshed = (await identity.refresh(begun.refreshToken)).body;
    const { body } = await identity.send('GET', '/auth/sessions', tokenOf(refreshed));
    const days = (Date.parse(body.items[0].expiresAt) - Date.now()) / 86_400_000;
    expect(days).toBeCloseTo(1, 1);
  });
  it('works for a session that the version before has begun', async () => {
    const begun = await begin();
    await age(sidOf(begun), 'previous_hash = NULL, rotation_salt = NULL, device = NULL');
    expect((await identity.refresh(begun.refreshToken)).status).toBe(200);
  });
});

describe('the list of sessions', () => {
  it('has the open ones of the caller only, without anything secret', async () => {
    const [own, other] = [await begin('Firefox'), await begin('Safari')];
    await age(sidOf(await begin()), "expires_at = now() - interval '1 second'");
    await identity.register('bo@fieldguide.test');
    await identity.signIn('bo@fieldguide.test');
    const { status, body } = await identity.send('GET', '/auth/sessions', tokenOf(own));
    expect(status).toBe(200);
    expect(body.items).toMatchObject([
      { id: sidOf(other), device: 'Safari', isCurrent: false },
      { id: sidOf(own), device: 'Firefox', isCurrent: true },
    ]);
    expect(Object.keys(body.items[0])).toEqual([
      ...['id', 'device', 'begunAt', 'refreshedAt', 'expiresAt', 'isCurrent'],
    ]);
  });
  it('loses a session that is ended, and every service receives its end', async () => {
    const [own, other] = [await begin(), await begin()];
    const url = `/auth/sessions/${sidOf(other)}`;
    expect((await identity.send('DELETE', url, tokenOf(own))).status).toBe(204);
    expect((await identity.refresh(other.refreshToken)).status).toBe(401);
    expect(await published(sidOf(other))).toBe(1);
    expect((await identity.send('DELETE', url, tokenOf(own))).status).toBe(404);
  });
  it('loses all others together', async () => {
    const [own, ...others] = [await begin(), await begin(), await begin()];
    expect((await identity.send('DELETE', '/auth/sessions', tokenOf(own))).status).toBe(204);
    for (const { refreshToken } of others)
      expect((await identity.refresh(refreshToken)).status).toBe(401);
    expect((await identity.refresh(own.refreshToken)).status).toBe(200);
  });
  it("ends no other customer's session", async () => {
    await identity.register('cy@fieldguide.test');
    const theirs = (await identity.signIn('cy@fieldguide.test')).body;
    const url = `/auth/sessions/${sidOf(theirs)}`;
    expect((await identity.send('DELETE', url, tokenOf(await begin()))).status).toBe(404);
    expect((await identity.refresh(theirs.refreshToken)).status).toBe(200);
  });
});

describe('changing the password', () => {
  const change = (own: { accessToken: string }, currentPassword: string, newPassword: string) =>
    identity.send('PUT', '/auth/password', {
      ...tokenOf(own),
      payload: { currentPassword, newPassword },
    });
  it('ends every other session, and the old password', async () => {
    const [own, other] = [await begin(), await begin()];
    expect((await change(own, 'correct horse', 'another horse')).status).toBe(204);
    expect((await identity.refresh(other.refreshToken)).status).toBe(401);
    expect((await identity.refresh(own.refreshToken)).status).toBe(200);
    expect((await identity.signIn(email)).status).toBe(401);
    expect((await identity.signIn(email, 'another horse')).status).toBe(200);
  });
  it('needs the present one, and delays guesses as a sign-in does', async () => {
    const own = await begin();
    const statuses = [];
    for (let i = 0; i < 6; i++) statuses.push((await change(own, 'wrong', 'another horse')).status);
    expect(statuses).toEqual([422, 422, 422, 422, 422, 429]);
  });
  it.each(['password', 'short'])('refuses %s', async (bad) => {
    const { status } = await change(await begin(), 'correct horse', bad);
    expect(status).toBe(bad === 'short' ? 400 : 422);
  });
  it('leaves no session of a sign-in with the old password at the same moment', async () => {
    const own = await begin();
    const signIns = Array.from({ length: 8 }, () => begin());
    await change(own, 'correct horse', 'another horse');
    for (const begun of await Promise.all(signIns))
      if (begun.refreshToken) expect((await identity.refresh(begun.refreshToken)).status).toBe(401);
  });
});
