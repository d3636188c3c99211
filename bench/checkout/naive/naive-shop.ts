import { brokerSettings } from '@fieldguide/messaging/broker-url';
import { Kafka, logLevel } from 'kafkajs';
import { ForkedShop } from '../forked-shop.ts';
import type { Watched } from '../usage.ts';
import { services, TABLES, UNITS } from './steps.ts';

const PARTITIONS = 3;
const outboxes = services.map((each) => `SELECT 1 FROM ${each}.outbox`);

/** Starts the naive shop, on PostgreSQL and Kafka of another contender. */
export async function startNaiveShop(beside: Watched, postgresUrl: string): Promise<ForkedShop> {
  await createTopics(beside.kafkaUrl);
  return ForkedShop.start(beside, postgresUrl, {
    name: 'naive',
    tables: TABLES,
    main: new URL('main.ts', import.meta.url),
    env: { KAFKA_URL: beside.kafkaUrl },
    uses: ['kafka'],
    topicPrefix: 'naive.',
    counts: {
      orders: 'ordering.orders',
      open: 'ordering.orders WHERE completed_at IS NULL',
      unsent: `(${[...outboxes, 'SELECT 1 FROM inventory.stock WHERE reserved > 0'].join(' UNION ALL ')})`,
      captured: "payments.payments WHERE status = 'captured'",
      shipped: `inventory.stock, generate_series(on_hand + 1, ${UNITS})`,
    },
  });
}

async function createTopics(kafkaUrl: string): Promise<void> {
  const admin = new Kafka({ ...brokerSettings(kafkaUrl), logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  await admin.createTopics({
    waitForLeaders: true,
    topics: services.map((each) => ({ topic: `naive.${each}`, numPartitions: PARTITIONS })),
  });
  await admin.disconnect();
}
