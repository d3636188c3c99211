import { existsSync, readFileSync } from 'node:fs';
import { brokerSettings } from '@fieldguide/messaging/broker-url';
import { appNames } from '@fieldguide/platform-host/apps';
import { CliError } from '@fieldguide/platform-host/cli-error';
import { type Environment, writeFileSafely } from '@fieldguide/platform-host/environment';
import { waitUntil } from '@fieldguide/platform-host/processes/child';
import { system } from '@fieldguide/platform-host/system';
import { topics as topicsOf } from '@fieldguide/platform-model/derive';
import { type Admin, Kafka, logLevel } from 'kafkajs';

const topics = topicsOf(system);

/** The broker's own `default.replication.factor`: one copy would be lost with its broker. */
const BROKER_DEFAULT = -1;

/**
 * Every topic of the contracts with its settings; a topic that exists is used as it is. Those created here are recorded
 * in the environment's folder, because Kafka keeps no comment on a topic.
 */
export async function provisionTopics(kafkaUrl: string, environment: Environment): Promise<void> {
  await withAdmin(kafkaUrl, async (admin) => {
    const existing = new Set(await admin.listTopics());
    const missing = topics.filter(({ name }) => !existing.has(environment.topicPrefix + name));
    if (missing.length === 0) return;
    // Recorded first: after a crash in between, the record names topics that do not exist, and those are created here.
    const created = new CreatedTopics(environment, await clusterOf(admin));
    created.add(missing.map(({ name }) => environment.topicPrefix + name));
    await admin.createTopics({
      waitForLeaders: true,
      topics: missing.map(({ name, partitions, settings }) => ({
        topic: environment.topicPrefix + name,
        numPartitions: partitions,
        replicationFactor: BROKER_DEFAULT,
        configEntries: Object.entries(settings).map(([key, value]) => ({ name: key, value })),
      })),
    });
  });
}

/**
 * Before `reset` stops anything: a topic that another owner created would keep its records, and the services
 * would read them again.
 * @throws CliError that names those topics
 */
export async function assertNoForeignTopics(
  kafkaUrl: string,
  environment: Environment,
  isOwnBroker: boolean,
): Promise<void> {
  if (isOwnBroker) return;
  await withAdmin(kafkaUrl, async (admin) => {
    const created = new CreatedTopics(environment, await clusterOf(admin));
    const foreign = (await existingTopics(admin, environment)).filter((each) => !created.has(each));
    if (foreign.length === 0) return;
    throw new CliError(
      `Kafka's topics ${foreign.join(', ')} were not created by this installation, and reset does not delete them. Nothing was changed.`,
      'delete them yourself if their records may go, then reset again',
    );
  });
}

/**
 * For `reset`: deletes the topics that this installation created, and the consumer groups of its services. A group that
 * has read any other topic belongs to another owner and stays.
 * @param isOwnBroker the broker was started by this environment: every topic and group in it is ours
 */
export async function dropTopics(
  kafkaUrl: string,
  environment: Environment,
  isOwnBroker: boolean,
): Promise<void> {
  await withAdmin(kafkaUrl, async (admin) => {
    const created = new CreatedTopics(environment, await clusterOf(admin));
    const remaining = async () =>
      (await existingTopics(admin, environment)).filter((each) => isOwnBroker || created.has(each));
    // Before the topics: with a topic Kafka forgets which groups have read it.
    const groups = await groupsOf(admin, environment);
    if (groups.length > 0) await admin.deleteGroups(groups).catch(() => undefined); // a group in use stays
    const deleted = await remaining();
    if (deleted.length > 0) await admin.deleteTopics({ topics: deleted });
    await waitUntil(async () => (await remaining()).length === 0, 10_000);
    created.remove(deleted);
  });
}

async function existingTopics(admin: Admin, { topicPrefix }: Environment): Promise<string[]> {
  const own = new Set(topics.map(({ name }) => topicPrefix + name));
  return (await admin.listTopics()).filter((topic) => own.has(topic));
}

/** The groups named after our services that have read nothing but our topics. */
async function groupsOf(admin: Admin, { topicPrefix }: Environment): Promise<string[]> {
  // One of each app, and for broadcasts one of each process: `app`, `app-1-17.broadcast`.
  const names = new RegExp(`^(${appNames.join('|')})(-\\d+-\\d+\\.broadcast)?$`);
  const own = new Set(topics.map(({ name }) => topicPrefix + name));
  const found: string[] = [];
  for (const { groupId } of (await admin.listGroups()).groups) {
    if (!groupId.startsWith(topicPrefix) || !names.test(groupId.slice(topicPrefix.length)))
      continue;
    const read = await admin.fetchOffsets({ groupId });
    if (read.every(({ topic }) => own.has(topic))) found.push(groupId);
  }
  return found;
}

async function clusterOf(admin: Admin): Promise<string> {
  return (await admin.describeCluster()).clusterId;
}

/** `topics.json`: what was created, by cluster, so that another broker's topics are not taken for ours. */
class CreatedTopics {
  readonly #file: string;
  readonly #cluster: string;

  constructor(environment: Environment, cluster: string) {
    this.#file = environment.path('topics.json');
    this.#cluster = cluster;
  }

  has(topic: string): boolean {
    return this.#read()[this.#cluster]?.includes(topic) ?? false;
  }

  add(names: readonly string[]): void {
    const before = this.#read()[this.#cluster] ?? [];
    this.#write([...new Set([...before, ...names])]);
  }

  remove(names: readonly string[]): void {
    const before = this.#read()[this.#cluster] ?? [];
    this.#write(before.filter((each) => !names.includes(each)));
  }

  #read(): Record<string, readonly string[]> {
    return existsSync(this.#file) ? JSON.parse(readFileSync(this.#file, 'utf8')) : {};
  }

  #write(names: readonly string[]): void {
    const all = { ...this.#read(), [this.#cluster]: names };
    writeFileSafely(this.#file, JSON.stringify(all, null, 2), 0o600);
  }
}

export async function withAdmin(
  kafkaUrl: string,
  work: (admin: Admin) => Promise<void>,
): Promise<void> {
  const settings = { clientId: 'provision', ...brokerSettings(kafkaUrl) };
  const admin = new Kafka({ ...settings, logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    await work(admin);
  } finally {
    await admin.disconnect();
  }
}
