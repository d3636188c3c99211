import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { asBrokerUser, brokerSettings } from '@fieldguide/messaging/broker-url';
import { appNames } from '@fieldguide/platform-host/apps';
import { type Environment, root, type Secrets } from '@fieldguide/platform-host/environment';
import { system } from '@fieldguide/platform-host/system';
import {
  type BrokerGrant,
  brokerGrants,
  type Subscription,
} from '@fieldguide/platform-model/derive';
import kafkajs, {
  type AclEntry,
  type AclOperationTypes,
  type Admin,
  Kafka,
  logLevel,
} from 'kafkajs';
import { setScramUsers } from './scram-users.ts';

// Node finds no more named exports than those above in this CommonJS module.
const {
  AclOperationTypes: Operation,
  AclPermissionTypes,
  AclResourceTypes,
  ResourcePatternTypes,
} = kafkajs;

/** What consumers read, by their committed pacts: a message of a pact names its topic. */
export function subscriptions(folder = join(root, 'contracts', 'pacts')): readonly Subscription[] {
  return readdirSync(folder).flatMap((name) => {
    const { consumer, interactions } = JSON.parse(readFileSync(join(folder, name), 'utf8')) as {
      readonly consumer: { readonly name: string };
      readonly interactions: readonly { readonly metadata?: { readonly topic: string } }[];
    };
    return interactions.flatMap(({ metadata }) =>
      metadata ? [{ app: consumer.name, topic: metadata.topic }] : [],
    );
  });
}

/** The address that an app connects to: as its own user, where the broker knows users. */
export function brokerUrlOf(
  app: string,
  adminUrl: string,
  environment: Environment,
  secrets: Secrets,
): string {
  return asBrokerUser(
    adminUrl,
    environment.topicPrefix + app,
    environment.brokerPassword(app, secrets),
  );
}

/**
 * One user for each app, with its password, and what it may do; nothing else is allowed. Running it again changes
 * nothing but a changed secret; what an earlier map granted is taken back.
 * @param isOwnBroker everything in it was granted by this platform; else only the present apps' grants are ours
 * @param warn gets one line about a broker that controls no access
 */
export async function provisionAccess(
  adminUrl: string,
  environment: Environment,
  secrets: Secrets,
  isOwnBroker: boolean,
  warn: (line: string) => void,
): Promise<void> {
  const { sasl } = brokerSettings(adminUrl);
  if (!sasl)
    return warn(
      '! Kafka knows no users: any process that reaches it may read and write each topic',
    );
  const grants = brokerGrants(system, subscriptions());
  const users = grants.map(
    ({ app }) => [environment.topicPrefix + app, environment.brokerPassword(app, secrets)] as const,
  );
  await setScramUsers(adminUrl, new Map(users));
  const settings = { clientId: 'provision', ...brokerSettings(adminUrl) };
  const admin = new Kafka({ ...settings, logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    await grant(admin, environment, grants, isOwnBroker);
  } catch (error) {
    if ((error as { type?: string }).type !== 'SECURITY_DISABLED') throw error;
    warn('! Kafka has no authorizer: each app may read and write each topic');
  } finally {
    await admin.disconnect();
  }
}

async function grant(
  admin: Admin,
  { topicPrefix }: Environment,
  grants: readonly BrokerGrant[],
  isOwnBroker: boolean,
): Promise<void> {
  const principals = new Set(appNames.map((app) => principalOf(topicPrefix + app)));
  const prefix = principalOf(topicPrefix);
  // Names of apps have no dot: in our own broker, what follows the prefix of another environment has one.
  const isOurs = ({ principal }: AclEntry) =>
    principals.has(principal) ||
    (isOwnBroker && principal.startsWith(prefix) && !principal.slice(prefix.length).includes('.'));
  const existing = (await allEntries(admin)).filter(isOurs);
  const wanted = grants.flatMap((each) => entriesOf(each, topicPrefix));
  const has = (all: readonly AclEntry[]) => {
    const keys = new Set(all.map(keyOf));
    return (each: AclEntry) => keys.has(keyOf(each));
  };
  const [isWanted, exists] = [has(wanted), has(existing)];
  const missing = wanted.filter((each) => !exists(each));
  if (missing.length > 0) await admin.createAcls({ acl: missing });
  const obsolete = existing.filter((each) => !isWanted(each));
  if (obsolete.length > 0) await admin.deleteAcls({ filters: obsolete });
}

async function allEntries(admin: Admin): Promise<AclEntry[]> {
  const { resources } = await admin.describeAcls({
    resourceType: AclResourceTypes.ANY,
    resourcePatternType: ResourcePatternTypes.ANY,
    operation: Operation.ANY,
    permissionType: AclPermissionTypes.ANY,
  });
  return resources.flatMap(({ acls, resourceType, resourceName, resourcePatternType }) =>
    acls.map((each) => ({ ...each, resourceType, resourceName, resourcePatternType })),
  );
}

/** A group is named after its app; each process reads broadcasts as a group of its own, `app-…`. */
function entriesOf({ app, publishes, consumes }: BrokerGrant, prefix: string): AclEntry[] {
  const { TOPIC, GROUP } = AclResourceTypes;
  const { READ, WRITE } = Operation;
  const { LITERAL, PREFIXED } = ResourcePatternTypes;
  const allow = (
    operation: AclOperationTypes,
    resourceType: AclEntry['resourceType'],
    name: string,
    resourcePatternType = LITERAL,
  ): AclEntry => ({
    principal: principalOf(prefix + app),
    host: '*',
    permissionType: AclPermissionTypes.ALLOW,
    operation,
    resourceType,
    resourceName: prefix + name,
    resourcePatternType,
  });
  return [
    ...publishes.map((topic) => allow(WRITE, TOPIC, topic)),
    ...consumes.map((topic) => allow(READ, TOPIC, topic)),
    allow(READ, GROUP, app),
    allow(READ, GROUP, `${app}-`, PREFIXED),
  ];
}

const principalOf = (user: string) => `User:${user}`;

const keyOf = (entry: AclEntry) =>
  [
    entry.principal,
    entry.host,
    entry.permissionType,
    entry.operation,
    entry.resourceType,
    entry.resourceName,
    entry.resourcePatternType,
  ].join(' ');
