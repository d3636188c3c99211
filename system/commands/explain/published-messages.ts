import type { CommandContext, CommandOptions } from '@fieldguide/platform-model/plugin';

/** A message about an order, as stored in Kafka. */
export interface PublishedMessage {
  readonly id: string;
  readonly type: string;
  /** The service that published it. */
  readonly source: string;
  readonly time: Date;
  readonly causationId?: string;
  readonly data: Readonly<Record<string, unknown>>;
}

const RESPONSE_TIMEOUT_MS = 30_000;

/**
 * Reads every record of a key since a time, oldest first. Uses a temporary consumer group and deletes it.
 * @throws an error with a hint when Kafka does not respond within 30 seconds
 */
export async function publishedMessages(
  wanted: string,
  since: Date,
  options: CommandOptions,
  { messaging, error }: CommandContext,
): Promise<PublishedMessage[]> {
  const { brokers, prefix, topics } = messaging(options);
  const { Kafka, logLevel } = await import('kafkajs'); // other commands need not load it
  const kafka = new Kafka({ clientId: 'explain', ...brokers, logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  const groupId = `${prefix}explain-${process.pid}-${since.getTime()}`;
  const consumer = kafka.consumer({ groupId });
  await Promise.all([admin.connect(), consumer.connect()]);
  try {
    // Per partition: the first offset to read, and the current end.
    const range = new Map<string, { from: string; end: bigint }>();
    for (const topic of topics) {
      const [from, ends] = await Promise.all([
        admin.fetchTopicOffsetsByTimestamp(topic, since.getTime()),
        admin.fetchTopicOffsets(topic),
      ]);
      for (const { partition, high } of ends) {
        const { offset } = from.find((each) => each.partition === partition)!;
        if (BigInt(offset) < BigInt(high))
          range.set(`${topic}/${partition}`, { from: offset, end: BigInt(high) });
      }
    }
    if (range.size === 0) return [];
    const found: PublishedMessage[] = [];
    const read = Promise.withResolvers<void>();
    await consumer.subscribe({ topics: [...topics] });
    const left = new Set(range.keys());
    await consumer.run({
      autoCommit: false,
      eachMessage: async ({ topic, partition, message: { key, value, offset } }) => {
        if (key?.toString() === wanted) found.push(toMessage(JSON.parse(String(value))));
        const place = `${topic}/${partition}`;
        if (BigInt(offset) + 1n >= (range.get(place)?.end ?? 0n)) left.delete(place);
        if (left.size === 0) read.resolve();
      },
    });
    for (const [place, { from }] of range) {
      const [, topic = '', partition = ''] = /^(.*)\/(\d+)$/.exec(place) ?? [];
      consumer.seek({ topic, partition: Number(partition), offset: from });
    }
    await Promise.race([read.promise, rejectAfterTimeout(error)]);
    return found.toSorted((a, b) => a.time.getTime() - b.time.getTime());
  } finally {
    await consumer.disconnect();
    await admin.deleteGroups([groupId]).catch(() => undefined); // Kafka deletes an empty group after a while
    await admin.disconnect();
  }
}

interface Envelope {
  id: string;
  type: string;
  source: string;
  time: string;
  causationid?: string;
  data: Record<string, unknown>;
}

function toMessage({ id, type, source, time, causationid, data }: Envelope): PublishedMessage {
  return {
    id,
    type,
    source: source.slice(1),
    time: new Date(time),
    data,
    ...(causationid && { causationId: causationid }),
  };
}

async function rejectAfterTimeout(error: CommandContext['error']): Promise<never> {
  await new Promise((resolve) => setTimeout(resolve, RESPONSE_TIMEOUT_MS).unref());
  throw error('Kafka did not respond within 30 seconds.', 'fieldguide services');
}
