import 'reflect-metadata';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { fingerprint } from '../session/secrets.ts';
import { clients, TwoInstances } from '../testing/two-instances.ts';

let identity: TwoInstances;
beforeAll(async () => {
  identity = await TwoInstances.open(inject('backing').postgres, 'int_revoke_client');
  for (const [id, { secret }] of Object.entries(clients))
    await identity.database.query(
      'INSERT INTO clients (id, secret_hash, version) VALUES ($1, $2, 1)',
      [id, fingerprint(secret)],
    );
});
afterAll(() => identity.close());

const tokenOf = async (clientId: keyof typeof clients): Promise<string> => {
  const payload = {
    grantType: 'clientCredentials',
    clientId,
    clientSecret: clients[clientId].secret,
  };
  return (await identity.send('POST', '/auth/tokens', { payload })).body.accessToken;
};
const sidOf = (token: string) => JSON.parse(atob(token.split('.')[1]!)).sid;
const revoke = (client: string, token: string) =>
  identity.send('POST', `/clients/${client}/revocations`, { token });

describe('revoking the tokens of a client', () => {
  it('announces the end of all of them, and leaves its new ones and those of others', async () => {
    const [operator, first, second] = [
      await tokenOf('operator'),
      await tokenOf('shipping'),
      await tokenOf('shipping'),
    ];
    expect(sidOf(first)).toBe(sidOf(second));
    expect((await revoke('shipping', operator)).body).toEqual({ clientId: 'shipping' });
    const ended = await identity.database.query("SELECT envelope ->> 'subject' AS sid FROM outbox");
    expect(ended).toEqual([{ sid: sidOf(first) }]);
    expect(sidOf(await tokenOf('shipping'))).not.toBe(sidOf(first));
    expect(sidOf(await tokenOf('operator'))).toBe(sidOf(operator));
  });
  it('is for operators, and for clients that exist', async () => {
    expect((await revoke('shipping', await tokenOf('shipping'))).status).toBe(403);
    expect((await revoke('nobody', await tokenOf('operator'))).status).toBe(404);
  });
});
