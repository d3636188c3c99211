import type { Clock } from '@fieldguide/clock';
import type { Log } from '@fieldguide/telemetry';
import { pause } from '@fieldguide/workers';
import type { Consumer, EachBatchPayload, Kafka, KafkaMessage } from 'kafkajs';
import type { IncomingRecord, SubscribeOptions, Subscription } from './messaging.ts';
import { PartitionFailures } from './partition-failures.ts';
import { type Part, PartitionTurns, type Turn } from './partition-turns.ts';
import { withTimeout } from './within.ts';

// A long poll returns immediately when there is data, and stopping waits for it. `sessionTimeout` is the time before the
// partitions of a killed instance are reassigned; a broadcast's reader is alone in its group, so nothing waits for it.
const consumerSettings = {
  shared: { maxWaitTimeInMs: 1_000, heartbeatInterval: 1_500, sessionTimeout: 6_000 },
  broadcast: { maxWaitTimeInMs: 5_000, heartbeatInterval: 5_000, sessionTimeout: 30_000 },
};
/** kafkajs fetches again when every partition of a fetch has been handled: one with a backlog yields after this time. */
const PARTITION_TURN_MS = 250;
/** More than a relay's batch: Kafka never returns a part of a produced batch. */
const PARTITION_BYTES_MAX = 256 * 1024;
const PARTITIONS_MAX = 256;
const RETRY_MS_MAX = 5_000;
const RESTART_MS = 500;
const CLOSE_MS_MAX = 2_000;
/** What was handled since the last commit is delivered again after a crash; the inbox knows it. */
const COMMIT_EVERY_MS = 500;

export interface KafkaConsumerSettings {
  readonly kafka: Kafka;
  readonly clientId: string;
  readonly prefix: string;
  readonly clock: Clock;
  readonly log: Log;
}
export type RecordHandler = (records: readonly IncomingRecord[]) => Promise<void>;

interface KafkaTurn extends Turn {
  readonly payload: EachBatchPayload;
}

/**
 * A member of a consumer group. It passes the records of all partitions to the handler in chunks, and commits their offsets
 * twice a second and before it leaves; a timer sends heartbeats meanwhile, so that a slow chunk does not end the
 * membership. A partition that fails is paused and retried with backoff; the others continue.
 */
export class KafkaConsumer implements Subscription {
  readonly #settings: KafkaConsumerSettings;
  readonly #topics: readonly string[];
  readonly #mode: SubscribeOptions['mode'];
  readonly #handler: RecordHandler;
  readonly #ending = new AbortController();
  readonly #groupId: string;
  readonly #failures: PartitionFailures;
  readonly #turns = new PartitionTurns<KafkaTurn>({
    handle: (parts) => this.#handle(parts),
    commit: (parts) => this.#commit(parts),
  });
  /** End offset of each partition of a broadcast at subscription time; undefined while unknown. */
  #unread: Map<string, bigint> | undefined;
  #running: Promise<Consumer>;
  /** Commits the offsets of what is handled; undefined when nothing is to be committed. */
  #uncommitted: (() => Promise<void>) | undefined;
  #nextCommit: NodeJS.Timeout | undefined;

  constructor(
    settings: KafkaConsumerSettings,
    topics: readonly string[],
    { mode, group }: SubscribeOptions,
    handler: RecordHandler,
  ) {
    const { prefix, clientId } = settings;
    this.#settings = settings;
    this.#failures = new PartitionFailures(settings.clock);
    this.#topics = topics.map((topic) => prefix + topic);
    this.#mode = mode;
    this.#handler = handler;
    // A broadcast is read from its beginning by each process and nothing is committed, so its group leaves no trace.
    this.#groupId = mode === 'shared' ? `${prefix}${group}` : `${prefix}${clientId}.broadcast`;
    this.#running = this.#start();
  }

  /** The broadcast topics with records from before the subscription that are not handled yet. */
  get unreadTopics(): readonly string[] {
    if (this.#mode === 'shared' || this.#unread?.size === 0) return [];
    return this.#topics;
  }

  /** Failing partitions with the reason, after three failures in a row or ten seconds of failures. */
  get failing(): readonly string[] {
    return this.#failures.failing;
  }

  /** Waits for the current chunk, but not for a broker that does not respond. */
  async close(): Promise<void> {
    const { clock, log } = this.#settings;
    this.#ending.abort();
    const left = this.#commitNow()
      .then(() => this.#running)
      .then((consumer) => consumer.disconnect());
    left.catch(() => undefined);
    // A broadcast has no partitions to hand over, so closing does not wait for its long poll.
    if (this.#mode === 'broadcast') return;
    await withTimeout(CLOSE_MS_MAX, clock, 'The consumer did not leave its group', left).catch(
      (error: unknown) =>
        log.warn({ err: error, groupId: this.#groupId }, 'Closing without leaving the group'),
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
      const own = Object.entries(memberAssignment).flatMap(([topic, partitions]) =>
        partitions.map((partition) => idOf(topic, partition)),
      );
      this.#failures.keepOnly(own);
      this.#turns.keepOnly(own);
      this.#uncommitted = undefined; // fetched again from the last commit
    });
    // kafkajs treats some transient errors as final, such as a coordinator that is briefly unavailable.
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

  /** Connects in the background without a limit: a service must start while Kafka is unreachable. */
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
          autoCommit: false, // `#commit` does
          partitionsConsumedConcurrently: PARTITIONS_MAX,
          eachBatch: (payload) => this.#handleBatch(payload),
        });
        return;
      } catch (error) {
        log.warn({ err: error, attempt }, 'Kafka cannot be reached yet; retrying');
        await clock.sleep(Math.min(500 * attempt, RETRY_MS_MAX), signal).catch(() => undefined);
      }
    }
  }

  /** Fetches the end offsets before the consumer runs, so that every earlier record is received afterwards. */
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
    const { heartbeat } = payload;
    const { clock } = this.#settings;
    const begun = clock.now();
    // kafkajs sends a heartbeat only when the last is old enough; a rebalance is detected after the turn.
    const beating = setInterval(
      () => void heartbeat().catch(() => undefined),
      consumerSettings[this.#mode].heartbeatInterval / 2,
    );
    try {
      await this.#takeTurn(payload);
    } finally {
      clearInterval(beating);
    }
    // kafkajs fetches when all turns have returned: the next fetch gets what all partitions receive meanwhile. The first
    // record after a quiet time does not wait, because a fetch waits for it already.
    await pause(begun, clock, this.#ending.signal);
  }

  #takeTurn(payload: EachBatchPayload): Promise<void> {
    const { batch, isRunning, isStale } = payload;
    const begun = performance.now();
    const id = idOf(batch.topic, batch.partition);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const turn: KafkaTurn = {
      id,
      payload,
      records: batch.messages.length,
      handled: 0,
      isOver: () =>
        (turn.handled > 0 && performance.now() - begun > PARTITION_TURN_MS) ||
        !isRunning() ||
        isStale() ||
        this.#ending.signal.aborted,
      end: resolve,
      fail: (error) => {
        this.#backOff(id, error, payload.pause());
        resolve();
      },
      abort: reject,
    };
    this.#turns.add(turn);
    return promise;
  }

  async #handle(parts: readonly Part<KafkaTurn>[]): Promise<void> {
    const records = parts.flatMap(({ turn: { payload }, from, to }) => {
      const { topic, partition, messages } = payload.batch;
      return messages.slice(from, to).map((each) => this.#recordOf(each, topic, partition));
    });
    await this.#handler(records);
  }

  /** Marks records as handled; the offsets of all partitions are committed later, with one request. */
  async #commit(parts: readonly Part<KafkaTurn>[]): Promise<void> {
    for (const { turn, to } of parts) {
      const { id, records, payload } = turn;
      const { batch, resolveOffset } = payload;
      this.#failures.succeeded(id);
      const reached = to === records ? batch.lastOffset() : batch.messages[to - 1]!.offset;
      resolveOffset(reached);
      if (BigInt(reached) + 1n >= (this.#unread?.get(id) ?? 0n)) this.#unread?.delete(id);
    }
    const { heartbeat, commitOffsetsIfNecessary, uncommittedOffsets } = parts[0]!.turn.payload;
    if (this.#mode === 'shared') {
      this.#uncommitted = () => commitOffsetsIfNecessary(uncommittedOffsets());
      this.#commitLater();
    }
    try {
      await heartbeat();
    } catch (error) {
      await this.#commitNow(); // before another member gets the partitions
      throw error;
    }
    if (this.#ending.signal.aborted) await this.#commitNow();
  }

  #commitLater(): void {
    this.#nextCommit ??= setTimeout(() => void this.#commitNow(), COMMIT_EVERY_MS);
  }

  /**
   * Never rejects. It is repeated after a failure, also when no more records come: until then the group lags behind. After
   * the end, what is not committed is delivered again.
   */
  async #commitNow(): Promise<void> {
    clearTimeout(this.#nextCommit);
    this.#nextCommit = undefined;
    const commit = this.#uncommitted;
    this.#uncommitted = undefined;
    try {
      await commit?.();
    } catch (error) {
      this.#settings.log.debug({ err: error, groupId: this.#groupId }, 'Offsets are not committed');
      if (this.#ending.signal.aborted) return;
      this.#uncommitted ??= commit;
      this.#commitLater();
    }
  }

  /** The handler itself parks records that it cannot handle, so a failure is treated as transient. */
  #backOff(id: string, error: Error, resume: () => void): void {
    const { clock, log } = this.#settings;
    const failures = this.#failures.failed(id, error);
    const waitMs = Math.min(100 * 2 ** failures, RETRY_MS_MAX);
    log.warn({ err: error, partition: id, failures, waitMs }, 'A chunk failed');
    clock.sleep(waitMs, this.#ending.signal).then(resume, () => undefined);
  }

  #recordOf(
    { key, value, offset, headers }: KafkaMessage,
    topic: string,
    partition: number,
  ): IncomingRecord {
    return {
      topic: topic.slice(this.#settings.prefix.length),
      key: key ?? Buffer.alloc(0),
      value: value ?? Buffer.alloc(0),
      position: { partition, offset },
      ...(headers?.traceparent && { traceparent: String(headers.traceparent) }),
    };
  }
}

const idOf = (topic: string, partition: number) => `${topic}[${partition}]`;
