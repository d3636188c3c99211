import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { asBrokerUser, brokerSettings, isBrokerUrl, withBrokerPassword } from './broker-url.ts';

it.each([
  ['kafka://a:1,b:2', { brokers: ['a:1', 'b:2'] }],
  [
    'kafka://me:p%40ss@a:1',
    {
      brokers: ['a:1'],
      sasl: { mechanism: 'scram-sha-512', username: 'me', password: 'p@ss' },
    },
  ],
  [
    'kafka+tls://me:pass@a:1?mechanism=plain',
    {
      brokers: ['a:1'],
      sasl: { mechanism: 'plain', username: 'me', password: 'pass' },
      ssl: true,
    },
  ],
])('an address states how to connect to brokers: %s', (url, settings) => {
  expect(isBrokerUrl(url)).toBe(true);
  expect(brokerSettings(url)).toEqual(settings);
});

it('names the certificate of an own authority', () => {
  const ca = join(tmpdir(), 'broker-url-spec-ca.pem');
  writeFileSync(ca, 'a certificate');
  expect(brokerSettings(`kafka+tls://a:1?ca=${ca}`).ssl).toEqual({ ca: 'a certificate' });
});

it.each(['a:1', 'http://a:1', 'kafka://me:secret@', 'kafka+tls://'])(
  'refuses %s, and does not repeat a password',
  (url) => {
    expect(isBrokerUrl(url)).toBe(false);
    expect(() => brokerSettings(url)).toThrow(/^((?!secret).)*$/);
  },
);

it('changes the user and keeps the rest; without a user nothing changes', () => {
  const admin = 'kafka+tls://boss:pw@a:1,b:2?mechanism=plain&ca=/etc/ca.pem';
  expect(asBrokerUser(admin, 'e2e.ordering', 'own')).toBe(
    'kafka+tls://e2e.ordering:own@a:1,b:2?ca=%2Fetc%2Fca.pem',
  );
  expect(asBrokerUser('kafka://a:1', 'ordering', 'own')).toBe('kafka://a:1');
});

it('gets a password only when it names a user without one', () => {
  const url = 'kafka://boss@a:1?mechanism=plain';
  expect(withBrokerPassword(url, 'own')).toBe('kafka://boss:own@a:1?mechanism=plain');
  for (const other of ['kafka://a:1', 'kafka://boss:pw@a:1'])
    expect(withBrokerPassword(other, 'own')).toBe(other);
});
