// The address of a broker with all that it takes to connect, in one text: services, platform and tests read it here.
import { readFileSync } from 'node:fs';
import type { KafkaConfig, SASLOptions } from 'kafkajs';

const FORMAT =
  /^kafka(?<tls>\+tls)?:\/\/(?:(?<username>[^:@/?]+)(?::(?<password>[^:@/?]+))?@)?(?<brokers>[^@/?]+)(?:\?(?<query>[\w=&%./\\:~-]+))?$/;
/** What an address looks like, for errors. */
export const BROKER_URL_FORMAT =
  'kafka[+tls]://[user:password@]host:port[,host:port][?mechanism=plain&ca=FILE]';

/** Returns whether a text is an address of brokers. */
export const isBrokerUrl = (text: string): boolean => FORMAT.test(text);

function parse(url: string) {
  const found = FORMAT.exec(url)?.groups;
  if (!found) throw new Error(`The address of Kafka is not of the form ${BROKER_URL_FORMAT}`);
  const { tls, username, password, brokers = '', query } = found;
  return { tls, username, password, brokers, query: new URLSearchParams(query) };
}

/**
 * Returns kafkajs's settings for an address. A user logs in with SCRAM-SHA-512, or as `?mechanism=` states; `kafka+tls`
 * encrypts, and `?ca=FILE` names the certificate of an own authority.
 * @throws Error without the address, which may contain a password
 */
export function brokerSettings(url: string): Pick<KafkaConfig, 'brokers' | 'sasl' | 'ssl'> {
  const { tls, username, password, brokers, query } = parse(url);
  const mechanism = (query.get('mechanism') ?? 'scram-sha-512') as 'plain';
  const ca = query.get('ca');
  const [user, secret] = [username, password].map((each = '') => decodeURIComponent(each));
  const sasl: SASLOptions = { mechanism, username: user!, password: secret! };
  return {
    brokers: brokers.split(','),
    ...(username && { sasl }),
    ...(tls && { ssl: ca ? { ca: readFileSync(ca, 'utf8') } : true }),
  };
}

/** Returns the address with this password when it names a user without one. */
export function withBrokerPassword(url: string, secret: string): string {
  const { username, password } = parse(url);
  if (!username || password) return url;
  return url.replace(`//${username}@`, `//${username}:${encodeURIComponent(secret)}@`);
}

/** Returns the address as another user, who logs in with SCRAM-SHA-512; unchanged when it has no user. */
export function asBrokerUser(url: string, username: string, password: string): string {
  const { tls = '', username: isSecured, brokers, query } = parse(url);
  if (!isSecured) return url;
  query.delete('mechanism');
  const rest = query.size > 0 ? `?${query}` : '';
  return `kafka${tls}://${[username, password].map(encodeURIComponent).join(':')}@${brokers}${rest}`;
}
