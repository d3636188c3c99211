import { topics } from '@fieldguide/contracts/topics';
import { type Admin, Kafka, logLevel } from 'kafkajs';
import type { Environment } from '../environment.ts';
import { until } from '../runner/child.ts';

/** Every topic of the contracts with its settings; what is there stays. */
export async function provisionTopics(
  kafkaUrl: string,
  { topicPrefix }: Environment,
): Promise<void> {
  await withAdmin(kafkaUrl, async (admin) => {
    const present = new Set(await admin.listTopics());
    const missing = topics.filter(({ name }) => !present.has(topicPrefix + name));
    if (missing.length === 0) return;
    await admin.createTopics({
      waitForLeaders: true,
      topics: missing.map(({ name, partitions, settings }) => ({
        topic: topicPrefix + name,
        numPartitions: partitions,
        replicationFactor: 1,
        configEntries: Object.entries(settings).map(([key, value]) => ({ name: key, value })),
      })),
    });
  });
}

/** For `reset`: topics with all records, and the groups' places in them. */
export async function dropTopics(kafkaUrl: string, { topicPrefix }: Environment): Promise<void> {
  await withAdmin(kafkaUrl, async (admin) => {
    const own = new Set(topics.map(({ name }) => topicPrefix + name));
    const present = async () => (await admin.listTopics()).filter((topic) => own.has(topic));
    const doomed = await present();
    if (doomed.length > 0) await admin.deleteTopics({ topics: doomed });
    await until(async () => (await present()).length === 0, 10_000);
    const { groups } = await admin.listGroups();
    const ours = groups
      .map(({ groupId }) => groupId)
      .filter((group) => group.startsWith(topicPrefix));
    if (ours.length > 0) await admin.deleteGroups(ours).catch(() => undefined); // a group in use goes with its topics
  });
}

async function withAdmin(kafkaUrl: string, work: (admin: Admin) => Promise<void>): Promise<void> {
  const brokers = kafkaUrl.replace('kafka://', '').split(',');
  const admin = new Kafka({ clientId: 'provision', brokers, logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    await work(admin);
  } finally {
    await admin.disconnect();
  }
}
