import { brokerSettings } from '@fieldguide/messaging/broker-url';
import { apps } from '@fieldguide/platform-host/apps';
import { CliError } from '@fieldguide/platform-host/cli-error';
import { waitUntil } from '@fieldguide/platform-host/processes/child';
import { type IHeaders, Kafka, logLevel, type Message } from 'kafkajs';
import { operatorToken, readResponse } from '../operator-token.ts';
import type { Effect, FaultContext } from './effect.ts';

/** No parser reads this: half of a JSON object with bytes that are not UTF-8. */
const UNREADABLE = Buffer.from([0x7b, 0x00, 0xff, 0xfe, 0x22]);
const PARKED_WITHIN_MS = 5_000;
const READ_WITHIN_MS = 15_000;
const CALL_MS = 5_000;

const nothing: Effect = { release: () => undefined, restore: async () => undefined };

/** Sends an unreadable record with a key of its own. Stopping discards the dead letters that it has become. */
export async function poison(topic: string, context: FaultContext): Promise<Effect> {
  const { environment, backing } = context.platform;
  const key = `fault-${context.id}-${Date.now()}`;
  const producer = clientOf(backing.kafka.url).producer({ allowAutoTopicCreation: false });
  await producer.connect();
  try {
    const messages = [{ key, value: UNREADABLE }];
    await producer.send({ topic: environment.topicPrefix + topic, acks: -1, messages });
  } finally {
    await producer.disconnect();
  }
  const isParked = () => letters(key, context).then((found) => found.length > 0);
  await waitUntil(() => isParked().catch(() => false), PARKED_WITHIN_MS);
  return { ...nothing, restore: () => discard(key, context) };
}

/** Produces the last records of a topic again: the same bytes, in the same partitions. */
export async function duplicate(
  topic: string,
  count: number,
  { id, platform: { environment, backing, events } }: FaultContext,
): Promise<Effect> {
  const kafka = clientOf(backing.kafka.url);
  const name = environment.topicPrefix + topic;
  const records = await lastRecords(kafka, name, count, `${environment.topicPrefix}fault-${id}`);
  const producer = kafka.producer({ allowAutoTopicCreation: false });
  await producer.connect();
  try {
    await producer.send({ topic: name, acks: -1, messages: records });
  } finally {
    await producer.disconnect();
  }
  events.info(`${records.length} records of ${topic} are produced again`);
  return nothing;
}

interface Letter {
  readonly id: string;
  readonly url: string;
  readonly headers: Record<string, string>;
}

/** Finds the waiting dead letters of a key in every app that keeps some. */
async function letters(key: string, { platform }: FaultContext): Promise<Letter[]> {
  const { gatewayUrl, secrets, reconcilers } = platform;
  const token = await operatorToken(gatewayUrl!, secrets.clients['operator']!);
  const headers = { authorization: `Bearer ${token}` };
  const found: Letter[] = [];
  for (const { name, hasDatabase, hasMessaging } of apps) {
    const slots = [...reconcilers.get(name)!.slots.values()];
    const running = slots.find(({ ready, instance }) => ready && instance.child.isRunning);
    if (!hasDatabase || !hasMessaging || !running) continue;
    const url = `${running.instance.url}/dead-letters`;
    const signal = AbortSignal.timeout(CALL_MS);
    const response = await fetch(`${url}?key=${encodeURIComponent(key)}`, { headers, signal });
    const { items } = await readResponse<{ items: { id: string }[] }>(response);
    found.push(...items.map(({ id }) => ({ id, url, headers })));
  }
  return found;
}

async function discard(key: string, context: FaultContext): Promise<void> {
  for (const { id, url, headers } of await letters(key, context)) {
    const response = await fetch(`${url}/${id}/discards`, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify({ reason: `fault ${context.id} has ended` }),
      signal: AbortSignal.timeout(CALL_MS),
    });
    await readResponse(response);
  }
}

type StoredRecord = Message & { readonly partition: number; readonly timestamp: string };

/** Reads the newest records of a topic, oldest first. @throws CliError when the topic is empty */
async function lastRecords(
  kafka: Kafka,
  topic: string,
  count: number,
  groupId: string,
): Promise<StoredRecord[]> {
  const admin = kafka.admin();
  await admin.connect();
  const consumer = kafka.consumer({ groupId, allowAutoTopicCreation: false });
  try {
    const all = await admin.fetchTopicOffsets(topic);
    const ends = all.filter(({ low, high }) => BigInt(high) > BigInt(low));
    if (ends.length === 0)
      throw new CliError(`The topic ${topic} has no records.`, 'cause some messages first');
    const records = new Map<string, StoredRecord>();
    const unread = new Map(ends.map(({ partition, high }) => [partition, BigInt(high)]));
    await consumer.connect();
    await consumer.subscribe({ topics: [topic], fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachBatch: async ({ batch: { partition, messages } }) => {
        for (const { offset, key, value, headers, timestamp } of messages) {
          const own = { key, value, headers: headers as IHeaders, timestamp, partition };
          records.set(`${partition}:${offset}`, own);
          if (BigInt(offset) + 1n >= (unread.get(partition) ?? 0n)) unread.delete(partition);
        }
      },
    });
    for (const { partition, low, high } of ends) {
      const from = BigInt(high) - BigInt(count);
      const offset = String(from > BigInt(low) ? from : low);
      consumer.seek({ topic, partition, offset });
    }
    if (!(await waitUntil(() => unread.size === 0, READ_WITHIN_MS)))
      throw new CliError(`The records of ${topic} were not read in time.`, 'fieldguide status');
    return [...records.values()]
      .toSorted((a, b) => Number(a.timestamp) - Number(b.timestamp))
      .slice(-count);
  } finally {
    await consumer.disconnect();
    await admin.deleteGroups([groupId]).catch(() => undefined);
    await admin.disconnect();
  }
}

function clientOf(url: string): Kafka {
  return new Kafka({ clientId: 'faults', ...brokerSettings(url), logLevel: logLevel.NOTHING });
}
