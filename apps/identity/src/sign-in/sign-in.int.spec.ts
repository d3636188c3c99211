import 'reflect-metadata';
import { metrics } from '@fieldguide/telemetry';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { TwoInstances } from '../testing/two-instances.ts';
import { ofAccount } from './sign-in-delay.model.ts';

let identity: TwoInstances;
beforeAll(async () => {
  identity = await TwoInstances.open(inject('backing').postgres, 'int_sign_in');
});
afterAll(() => identity.close());

const password = 'correct horse';
const register = (email: string) => identity.register(email);
const signIn = (email: string, given: string, address: string, remoteAddress = '127.0.0.1') =>
  identity.signIn(email, given, { address, remoteAddress });
const hashes = async () =>
  Number(/^password_hashes_total (\d+)$/m.exec(await metrics.read())?.[1] ?? 0);
const statuses = async (answers: Promise<{ status: number; headers: object }>[]) =>
  Map.groupBy(await Promise.all(answers), ({ status }) => status);

describe('signing in at two instances', () => {
  it('compares five of forty parallel wrong passwords, and then refuses the right one', async () => {
    const email = 'bo@fieldguide.test';
    await register(email);
    const before = await hashes();
    const found = await statuses(
      Array.from({ length: 40 }, (_, i) => signIn(email, `wrong ${i}`, '192.0.2.2')),
    );
    expect(found.get(401)).toHaveLength(ofAccount.free);
    expect(found.get(429)).toHaveLength(40 - ofAccount.free);
    expect((await hashes()) - before).toBe(ofAccount.free);
    const refused = await signIn(email, password, '192.0.2.3');
    expect(refused.status).toBe(429);
    expect(refused.headers['content-type']).toContain('application/problem+json');
    expect(Number(refused.headers['retry-after'])).toBeLessThanOrEqual(30);
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
  });

  it('lets the customer in at an address that began a session, whatever happens elsewhere', async () => {
    const email = 'cy@fieldguide.test';
    await register(email);
    expect((await signIn(email, password, '192.0.2.4')).status).toBe(200);
    for (let i = 0; i < ofAccount.free; i++) await signIn(email, 'wrong', '203.0.113.9');
    expect((await signIn(email, password, '203.0.113.9')).status).toBe(429);
    expect((await signIn(email, password, '192.0.2.4')).status).toBe(200);
  });

  it('believes the gateway, and not another caller, where a request comes from', async () => {
    const stranger = '203.0.113.66';
    const found = await statuses(
      Array.from({ length: 100 }, (_, i) =>
        signIn(`${i}@fieldguide.test`, 'wrong', `192.0.2.${i}`, stranger),
      ),
    );
    expect(found.get(401)).toHaveLength(100);
    expect((await signIn('dee@fieldguide.test', 'x', '192.0.2.5', stranger)).status).toBe(429);
    expect((await signIn('dee@fieldguide.test', 'x', '192.0.2.5')).status).toBe(401);
  });

  it('costs one argon2 for a known e-mail and for an unknown one', async () => {
    const known = 'eve@fieldguide.test';
    await register(known);
    for (const email of [known, 'unknown@fieldguide.test']) {
      const before = await hashes();
      expect((await signIn(email, 'wrong', '192.0.2.6')).status).toBe(401);
      expect((await hashes()) - before).toBe(1);
    }
  });

  it('refuses with 503 and a time what does not fit into the queue, and counts no failure', async () => {
    const uncounted = async () =>
      (await identity.database.query('SELECT FROM failed_sign_ins WHERE count = 0')).length;
    const before = await uncounted();
    const found = await statuses(
      Array.from({ length: 120 }, (_, i) =>
        identity.signIn(`crowd-${i}@fieldguide.test`, 'wrong', {
          address: `198.51.100.${i}`,
          instance: 0,
        }),
      ),
    );
    const refused = found.get(503) ?? [];
    expect(refused.length).toBeGreaterThan(0);
    expect(found.get(401)).toHaveLength(120 - refused.length);
    expect(refused[0]!.headers).toMatchObject({ 'retry-after': '5' });
    expect((await uncounted()) - before).toBe(2 * refused.length);
  });
});
