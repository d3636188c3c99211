import type { Clock } from '@fieldguide/clock';
import type { Log } from '@fieldguide/telemetry';
import type { Consumer, EachBatchPayload, Kafka, KafkaMessage } from 'kafkajs';
import type { IncomingRecord, SubscribeOptions, Subscription } from './messaging.ts';
import { withTimeout } from './within.ts';

// A long poll answers at once when data is there, and stopping waits for it. `sessionTimeout` is how long the partitions
// of a killed instance wait for another; a broadcast's reader is alone in its group, so no other member waits for it.
const consumerSettings = {
  shared: { maxWaitTimeInMs: 1_000, heartbeatInterval: 1_500, sessionTimeout: 6_000 },
  broadcast: { maxWaitTimeInMs: 5_000, heartbeatInterval: 5_000, sessionTimeout: 30_000 },
};
/** Records of one call of the handler, which is one transaction. */
const CHUNK_RECORDS = 64;
/** kafkajs fetches again when every partition of a fetch has been handled: one with a backlog yields after this time. */
const PARTITION_TURN_MS = 250;
/** More than a relay's batch: Kafka never returns a part of what was produced together. */
const PARTITION_BYTES_MAX = 256 * 1024;
/** Partitions of one topic that are handled at the same time. */
const LANES_PER_TOPIC = 2;
/** Chunks that are handled at the same time; each needs one of the pool's eight connections. */
const CHUNKS_AT_ONCE = 4;
const PARTITIONS_MAX = 256;
const RETRY_MS_MAX = 5_000;
const RESTART_MS = 500;
const CLOSE_MS_MAX = 2_000;
const FAILING_AFTER = { failures: 3, ms: 10_000 };

export interface KafkaConsumerSettings {
  readonly kafka: Kafka;
  readonly clientId: string;
  readonly prefix: string;
  readonly clock: Clock;
  readonly log: Log;
}
export type RecordHandler = (records: readonly IncomingRecord[]) => Promise<void>;

interface Failure {
  readonly failures: number;
  readonly since: number;
  readonly reason: string;
}

/**
 * A member of a consumer group. It hands a partition's records to the handler in chunks and commits after each; a timer
 * sends heartbeats meanwhile, so that a slow chunk does not cost the membership. A partition whose chunk fails is paused
 * and tried again with backoff; the others go on.
 */
export class KafkaConsumer implements Subscription {
  readonly #settings: KafkaConsumerSettings;
  readonly #topics: readonly string[];
  readonly #mode: SubscribeOptions['mode'];
  readonly #handler: RecordHandler;
  readonly #ending = new AbortController();
  readonly #groupId: string;
  /** By partition. */
  readonly #failures = new Map<string, Failure>();
  readonly #lanes = new Map<string, Promise<void>>();
  #handling = 0;
  readonly #waiting: (() => void)[] = [];
  /** Where each partition of a broadcast ended when it was subscribed to; undefined when that is not known yet. */
  #unread: Map<string, bigint> | undefined;
  #running: Promise<Consumer>;

  constructor(
    settings: KafkaConsumerSettings,
    topics: readonly string[],
    { mode, group }: SubscribeOptions,
    handler: RecordHandler,
  ) {
    const { prefix, clientId } = settings;
    this.#settings = settings;
    this.#topics = topics.map((topic) => prefix + topic);
    this.#mode = mode;
    this.#handler = handler;
    // A broadcast is read from its beginning by each process and nothing is committed, so its group leaves no trace.
    this.#groupId = mode === 'shared' ? `${prefix}${group}` : `${prefix}${clientId}.broadcast`;
    this.#running = this.#start();
  }

  /** The topics of a broadcast whose records of before the subscription were not all handled yet. */
  get unreadTopics(): readonly string[] {
    if (this.#mode === 'shared' || this.#unread?.size === 0) return [];
    return this.#topics;
  }

  /** Why records are not being handled, by partition: three failures in a row, or ten seconds of them. */
  get failing(): readonly string[] {
    const now = this.#settings.clock.now().getTime();
    return [...this.#failures]
      .filter(
        ([, { failures, since }]) =>
          failures >= FAILING_AFTER.failures || now - since > FAILING_AFTER.ms,
      )
      .map(([id, { reason }]) => `${id} fails: ${reason}`);
  }

  /** Waits for the chunk in hand, but not for a broker that does not answer. */
  async close(): Promise<void> {
    const { clock, log } = this.#settings;
    this.#ending.abort();
    const left = this.#running.then((consumer) => consumer.disconnect());
    left.catch(() => undefined);
    // There is nothing to hand over from a broadcast, so its long poll is not waited for.
    if (this.#mode === 'broadcast') return;
    await withTimeout(CLOSE_MS_MAX, clock, 'The consumer did not leave its group', left).catch(
      (error: unknown) => log.warn({ err: error, groupId: this.#groupId }, 'Closing all the same'),
    );
  }

  #start(): Promise<Consumer> {
    const { kafka, clock, log } = this.#settings;
    const { signal } = this.#ending;
    const consumer = kafka.consumer({
      groupId: this.#groupId,
      allowAutoTopicCreation: false,
      ...consumerSettings[this.#mode],
      maxBytesPerPartition: PARTITION_BYTES_MAX,
      rebalanceTimeout: 15_000,
      retry: { retries: Number.MAX_SAFE_INTEGER, initialRetryTime: 200, maxRetryTime: 3_000 },
    });
    consumer.on(consumer.events.GROUP_JOIN, ({ payload: { memberAssignment } }) => {
      for (const id of this.#failures.keys()) {
        const [, topic = '', partition] = /^(.*)\[(\d+)\]$/.exec(id) ?? [];
        if (!memberAssignment[topic]?.includes(Number(partition))) this.#failures.delete(id);
      }
    });
    // kafkajs takes some things for final that pass, like a coordinator that is not there for a moment.
    consumer.on(consumer.events.CRASH, ({ payload: { error, restart } }) => {
      if (restart || signal.aborted) return;
      log.warn(
        { err: error, groupId: this.#groupId },
        'The consumer has crashed; starting another',
      );
      this.#running = clock.sleep(RESTART_MS, signal).then(
        () => this.#start(),
        () => consumer,
      );
    });
    return this.#run(consumer).then(() => consumer);
  }

  /** Connects in the background, as long as it takes: a service must come up while Kafka is away. */
  async #run(consumer: Consumer): Promise<void> {
    const { clock, log } = this.#settings;
    const { signal } = this.#ending;
    for (let attempt = 1; !signal.aborted; attempt++) {
      try {
        if (this.#mode === 'broadcast') this.#unread ??= await this.#endOffsets();
        await consumer.connect();
        await consumer.subscribe({ topics: [...this.#topics], fromBeginning: true });
        await consumer.run({
          eachBatchAutoResolve: false,
          autoCommit: this.#mode === 'shared',
          partitionsConsumedConcurrently: PARTITIONS_MAX,
          eachBatch: (payload) => this.#handleBatch(payload),
        });
        return;
      } catch (error) {
        log.warn({ err: error, attempt }, 'Kafka cannot be reached yet; trying again');
        await clock.sleep(Math.min(500 * attempt, RETRY_MS_MAX), signal).catch(() => undefined);
      }
    }
  }

  /** Asked for before the consumer runs, so that every record up to there comes after the question. */
  async #endOffsets(): Promise<Map<string, bigint>> {
    const admin = this.#settings.kafka.admin();
    try {
      await admin.connect();
      const ends = new Map<string, bigint>();
      for (const topic of this.#topics)
        for (const { partition, low, high } of await admin.fetchTopicOffsets(topic))
          if (BigInt(high) > BigInt(low)) ends.set(idOf(topic, partition), BigInt(high));
      return ends;
    } finally {
      await admin.disconnect().catch(() => undefined);
    }
  }

  async #handleBatch(payload: EachBatchPayload): Promise<void> {
    const { batch, heartbeat } = payload;
    // kafkajs sends one only when the last is old enough; that the group rebalances is found out after the turn.
    const beating = setInterval(
      () => void heartbeat().catch(() => undefined),
      consumerSettings[this.#mode].heartbeatInterval / 2,
    );
    const lane = idOf(batch.topic, batch.partition % LANES_PER_TOPIC);
    const before = this.#lanes.get(lane) ?? Promise.resolve();
    const turn = before.then(() => this.#handleChunks(payload));
    this.#lanes.set(
      lane,
      turn.catch(() => undefined),
    );
    try {
      await turn;
    } finally {
      clearInterval(beating);
    }
  }

  async #handleChunks(payload: EachBatchPayload): Promise<void> {
    const { batch, resolveOffset, heartbeat, pause, isRunning, isStale } = payload;
    const { topic, partition, messages } = batch;
    const id = idOf(topic, partition);
    const begun = performance.now();
    for (let at = 0; at < messages.length; at += CHUNK_RECORDS) {
      const isLate = at > 0 && performance.now() - begun > PARTITION_TURN_MS;
      if (isLate || !isRunning() || isStale() || this.#ending.signal.aborted) return;
      const chunk = messages.slice(at, at + CHUNK_RECORDS);
      try {
        await this.#limitConcurrency(() =>
          this.#handler(chunk.map((message) => this.#recordOf(message, topic, partition))),
        );
      } catch (error) {
        return this.#backOff(id, error as Error, pause());
      }
      this.#failures.delete(id);
      const isLast = at + CHUNK_RECORDS >= messages.length;
      const reached = isLast ? batch.lastOffset() : chunk.at(-1)!.offset;
      resolveOffset(reached);
      if (BigInt(reached) + 1n >= (this.#unread?.get(id) ?? 0n)) this.#unread?.delete(id);
      await heartbeat();
      if (this.#mode === 'shared')
        await payload.commitOffsetsIfNecessary(payload.uncommittedOffsets());
    }
  }

  /** Lets so many chunks be handled at once, in the order in which they asked, so that each topic gets its share. */
  async #limitConcurrency(work: () => Promise<void>): Promise<void> {
    if (this.#handling >= CHUNKS_AT_ONCE)
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#handling += 1;
    try {
      await work();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#handling -= 1;
    }
  }

  /** What cannot be handled is parked by the handler itself, so a failure is expected to pass. */
  #backOff(id: string, error: Error, resume: () => void): void {
    const { clock, log } = this.#settings;
    const now = clock.now().getTime();
    const { failures, since } = this.#failures.get(id) ?? { failures: 0, since: now };
    this.#failures.set(id, { failures: failures + 1, since, reason: nameOf(error) });
    const waitMs = Math.min(200 * 2 ** failures, RETRY_MS_MAX);
    log.warn({ err: error, partition: id, failures: failures + 1, waitMs }, 'A chunk failed');
    clock.sleep(waitMs, this.#ending.signal).then(resume, () => undefined);
  }

  #recordOf(
    { key, value, offset }: KafkaMessage,
    topic: string,
    partition: number,
  ): IncomingRecord {
    return {
      topic: topic.slice(this.#settings.prefix.length),
      key: key ?? Buffer.alloc(0),
      value: value ?? Buffer.alloc(0),
      position: { partition, offset },
    };
  }
}

/** Not the message: it may quote what the record holds. */
function nameOf(error: Error): string {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? `${error.name} ${code}` : error.name;
}

const idOf = (topic: string, partition: number) => `${topic}[${partition}]`;
