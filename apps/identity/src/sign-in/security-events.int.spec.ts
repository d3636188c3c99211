import 'reflect-metadata';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { fingerprint } from '../session/secrets.ts';
import { clients, TwoInstances } from '../testing/two-instances.ts';

let identity: TwoInstances;
beforeAll(async () => {
  identity = await TwoInstances.open(inject('backing').postgres, 'int_security_events');
  for (const [id, { secret }] of Object.entries(clients))
    await identity.database.query(
      'INSERT INTO clients (id, secret_hash, version) VALUES ($1, $2, 1)',
      [id, fingerprint(secret)],
    );
});
afterAll(() => identity.close());

const [email, password, changed] = ['ada@fieldguide.test', 'correct horse', 'another horse'];
const events = () =>
  identity.lines
    .map((line) => JSON.parse(line))
    .filter(({ security_event }) => security_event !== undefined);

it('every event of an account names who, what and from where, and nothing secret', async () => {
  const address = '192.0.2.7';
  const { customerId } = (await identity.register(email)).body;
  await identity.signIn(email, 'a wrong horse', { address });
  await identity.signIn('unknown@fieldguide.test', 'a wrong horse', { address });
  const own = (await identity.signIn(email, password, { address })).body;
  const other = (await identity.signIn(email, password, { address })).body;
  const token = own.accessToken;
  const [sid, otherSid] = [own, other].map(({ refreshToken }) => refreshToken.split('.')[0]);
  await identity.send('DELETE', `/auth/sessions/${otherSid}`, { token, address });
  for (const [currentPassword, newPassword] of [
    ['a wrong horse', changed],
    [password, changed],
  ])
    await identity.send('PUT', '/auth/password', {
      token,
      address,
      payload: { currentPassword, newPassword },
    });
  await identity.refresh(`${sid}.${'copied'}`);
  await identity.send('GET', '/auth/sessions', { token: 'not.a.token', address });
  const client = { grantType: 'clientCredentials', clientId: 'operator' };
  const clientSecret = clients.operator.secret;
  await identity.send('POST', '/auth/tokens', {
    payload: { ...client, clientSecret: 'wrong one' },
  });
  const operator = (
    await identity.send('POST', '/auth/tokens', { payload: { ...client, clientSecret } })
  ).body.accessToken;
  await identity.send('POST', '/clients/shipping/revocations', { token, address });
  await identity.send('POST', '/clients/shipping/revocations', { token: operator });
  await identity.send('DELETE', '/auth/tokens', { token, address });
  await identity.send('DELETE', '/accounts/me', { token, address });

  const seen = events().map(({ security_event, who }) => [security_event, who]);
  const expected = [
    ['user_created', customerId],
    ['authn_login_fail', customerId],
    ['authn_login_fail', undefined],
    ['authn_login_success', customerId],
    ['authn_login_success', customerId],
    ['authn_token_revoked', customerId],
    ['authn_password_change_fail', customerId],
    ['authn_password_change', customerId],
    ['authn_token_reuse', customerId],
    ['authn_login_fail', 'operator'],
    ['authn_login_success', 'operator'],
    ['authn_token_revoked', 'operator'],
    ['authn_token_revoked', customerId],
    ['user_deleted', customerId],
  ];
  expect(seen.toSorted()).toEqual(expected.toSorted());
  expect(
    events().find(({ security_event }) => security_event === 'authn_login_fail'),
  ).toMatchObject({
    what: 'password',
    from: address,
  });
  const log = identity.lines.join('\n');
  const secrets = [token, other.refreshToken, own.refreshToken, operator];
  const personal = ['@fieldguide', 'horse', clientSecret, 'wrong one', 'copied', 'not.a.token'];
  for (const text of [...secrets, ...personal]) expect(log).not.toContain(text);
});
