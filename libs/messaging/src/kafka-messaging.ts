import type { Clock } from '@fieldguide/clock';
import { inSpan, type Log } from '@fieldguide/telemetry';
import {
  type Admin,
  type Consumer,
  type EachBatchPayload,
  type ISocketFactory,
  Kafka,
  type KafkaConfig,
  logLevel,
} from 'kafkajs';
import { KafkaProducer } from './kafka-producer.ts';
import { mendIdleTimer, mendTimeoutCheck } from './mend-timers.ts';
import {
  type IncomingRecord,
  Messaging,
  type OutgoingRecord,
  type SubscribeOptions,
  type Subscription,
} from './messaging.ts';

export interface KafkaSettings {
  /** `kafka://host:port,host:port` */
  readonly url: string;
  readonly clientId: string;
  /** Goes in front of every topic and group, so that environments can share a broker. */
  readonly prefix: string;
  readonly clock: Clock;
  readonly log: Log;
  /** How connections are opened; tests put a proxy in between. */
  readonly socketFactory?: ISocketFactory;
  /** How long a publish may take; 10 s when not given. */
  readonly publishMsMax?: number;
}

// A long poll answers at once when data is there, and stopping waits for it. `sessionTimeout` is how long the partitions
// of a killed instance wait for another; a broadcast's reader is alone in its group, and nobody waits for it.
const rhythm = {
  shared: { maxWaitTimeInMs: 1_000, heartbeatInterval: 1_500, sessionTimeout: 6_000 },
  broadcast: { maxWaitTimeInMs: 5_000, heartbeatInterval: 5_000, sessionTimeout: 30_000 },
};
const STATE_KEPT_MS = 10_000;
const LOOK_MS = 500;
const PARTITIONS_AT_ONCE = 3;
const RETRY_WAIT_MS_MAX = 5_000;
const RESTART_MS = 500;

/** The port on Apache Kafka: acknowledged by all replicas, offsets after the handler. */
export class KafkaMessaging extends Messaging {
  readonly #settings: KafkaSettings;
  readonly #kafka: Kafka;
  readonly #producer: KafkaProducer;
  readonly #admin: Admin;
  readonly #subscriptions = new Set<Subscription>();
  #asking: Promise<void> | undefined;
  #looking: Promise<'ok' | 'degraded'> | undefined;
  #seen: { state: 'ok' | 'degraded'; at: number } = { state: 'degraded', at: 0 };

  constructor(settings: KafkaSettings) {
    super();
    mendIdleTimer();
    mendTimeoutCheck();
    this.#settings = settings;
    const { log, clientId, url, socketFactory, clock, publishMsMax } = settings;
    const config: KafkaConfig = {
      clientId,
      brokers: url.replace(/^kafka:\/\//, '').split(','),
      connectionTimeout: 2_000,
      requestTimeout: 10_000,
      retry: { initialRetryTime: 100, maxRetryTime: 2_000, retries: 5 },
      ...(socketFactory && { socketFactory }),
    };
    this.#kafka = new Kafka({
      ...config,
      logLevel: logLevel.WARN,
      // kafkajs says ERROR for what it then mends itself; it is news, not an alarm.
      logCreator:
        () =>
        ({ log: entry }) =>
          log.debug({ kafka: entry }, entry.message),
    });
    this.#producer = new KafkaProducer({ kafka: config, clock, log, publishMsMax });
    this.#admin = this.#kafka.admin();
  }

  override async publish(batch: readonly OutgoingRecord[]): Promise<void> {
    if (batch.length === 0) return;
    const byTopic = Map.groupBy(batch, ({ topic }) => topic);
    await inSpan('publish', 'publish', { count: batch.length }, () =>
      this.#producer.publish(
        [...byTopic].map(([topic, records]) => ({
          topic: this.#settings.prefix + topic,
          messages: records.map(({ envelope }) => ({
            key: envelope.subject,
            value: JSON.stringify(envelope),
            headers: { 'content-type': 'application/cloudevents+json' },
          })),
        })),
      ),
    );
  }

  override async subscribe(
    topics: readonly string[],
    { mode, group }: SubscribeOptions,
    handler: (batch: readonly IncomingRecord[]) => Promise<void>,
  ): Promise<Subscription> {
    const { prefix, clientId, clock, log } = this.#settings;
    // A broadcast is read from its beginning by each process and nothing is committed, so its group leaves no trace.
    const groupId = mode === 'shared' ? `${prefix}${group}` : `${prefix}${clientId}.broadcast`;
    const ending = new AbortController();
    let running: Promise<Consumer>;
    const start = (): Promise<Consumer> => {
      const consumer = this.#kafka.consumer({
        groupId,
        allowAutoTopicCreation: false,
        ...rhythm[mode],
        rebalanceTimeout: 15_000,
        retry: { retries: Number.MAX_SAFE_INTEGER, initialRetryTime: 200, maxRetryTime: 3_000 },
      });
      // kafkajs takes some things for final that pass, like a coordinator that is not there for a moment.
      consumer.on(consumer.events.CRASH, ({ payload: { error, restart } }) => {
        if (restart || ending.signal.aborted) return;
        log.warn({ err: error, groupId }, 'The consumer has crashed; starting another');
        running = clock.sleep(RESTART_MS, ending.signal).then(start, () => consumer);
      });
      return this.#run(consumer, topics, mode, handler, ending.signal).then(() => consumer);
    };
    running = start();
    const subscription = {
      close: async () => {
        ending.abort();
        this.#subscriptions.delete(subscription);
        const consumer = await running;
        // There is nothing to hand over from a broadcast, so nobody waits for its long poll.
        const left = consumer.disconnect();
        if (mode === 'shared') await left;
        else left.catch(() => undefined);
      },
    };
    this.#subscriptions.add(subscription);
    return subscription;
  }

  /** Connects in the background, as long as it takes: a service must come up while Kafka is away. */
  async #run(
    consumer: Consumer,
    topics: readonly string[],
    mode: SubscribeOptions['mode'],
    handler: (batch: readonly IncomingRecord[]) => Promise<void>,
    signal: AbortSignal,
  ): Promise<void> {
    const { clock, log, prefix } = this.#settings;
    for (let attempt = 1; !signal.aborted; attempt++) {
      try {
        await consumer.connect();
        await consumer.subscribe({
          topics: topics.map((topic) => prefix + topic),
          fromBeginning: true,
        });
        await consumer.run({
          eachBatchAutoResolve: false,
          autoCommit: mode === 'shared',
          partitionsConsumedConcurrently: PARTITIONS_AT_ONCE,
          eachBatch: (payload) => this.#handle(payload, handler, signal),
        });
        return;
      } catch (error) {
        log.warn({ err: error, attempt }, 'Kafka cannot be reached yet; trying again');
        await clock
          .sleep(Math.min(500 * attempt, RETRY_WAIT_MS_MAX), signal)
          .catch(() => undefined);
      }
    }
  }

  /** Tries the same batch until the handler takes it: what cannot be handled is parked by the handler itself. */
  async #handle(
    { batch, resolveOffset, heartbeat, isRunning, isStale }: EachBatchPayload,
    handler: (batch: readonly IncomingRecord[]) => Promise<void>,
    signal: AbortSignal,
  ): Promise<void> {
    const { clock, log, prefix } = this.#settings;
    const topic = batch.topic.slice(prefix.length);
    const records = batch.messages.map(({ key, value, offset }) => ({
      topic,
      key: key?.toString() ?? '',
      value: value?.toString() ?? '',
      position: { partition: batch.partition, offset },
    }));
    for (let failures = 0; isRunning() && !isStale() && !signal.aborted; failures++) {
      try {
        await handler(records);
        resolveOffset(batch.lastOffset());
        return;
      } catch (error) {
        log.warn({ err: error, topic }, 'A batch failed and is tried again');
        await clock
          .sleep(Math.min(200 * 2 ** failures, RETRY_WAIT_MS_MAX), signal)
          .catch(() => undefined);
        await heartbeat();
      }
    }
  }

  override async lag(group: string, topics: readonly string[]): Promise<number | undefined> {
    const { prefix } = this.#settings;
    try {
      await this.#ask();
      const committed = await this.#admin.fetchOffsets({
        groupId: prefix + group,
        topics: topics.map((topic) => prefix + topic),
      });
      let behind = 0;
      for (const { topic, partitions } of committed) {
        const ends = await this.#admin.fetchTopicOffsets(topic);
        for (const { partition, high, low } of ends) {
          const own = partitions.find((each) => each.partition === partition)?.offset ?? '-1';
          behind += Number(high) - Math.max(Number(own), Number(low));
        }
      }
      return behind;
    } catch {
      return undefined;
    }
  }

  override async state(): Promise<'ok' | 'degraded'> {
    const { clock } = this.#settings;
    const age = clock.now().getTime() - this.#seen.at;
    if (this.#seen.state === 'ok' && age < STATE_KEPT_MS) return 'ok';
    // kafkajs may try for many seconds; whoever asks for readiness wants to know now.
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
    });
    const inTime = new AbortController();
    const late = clock.sleep(LOOK_MS, inTime.signal).then(() => 'degraded' as const);
    late.catch(() => undefined);
    const state = await Promise.race([this.#looking, late]);
    inTime.abort();
    return state;
  }

  async #look(): Promise<'ok' | 'degraded'> {
    let state: 'ok' | 'degraded' = 'ok';
    try {
      await this.#ask();
      await this.#admin.describeCluster();
    } catch {
      state = 'degraded';
    }
    this.#seen = { state, at: this.#settings.clock.now().getTime() };
    return state;
  }

  override async close(): Promise<void> {
    await Promise.all([...this.#subscriptions].map((each) => each.close()));
    await Promise.all([this.#producer.close(), this.#admin.disconnect()]);
  }

  #ask(): Promise<void> {
    this.#asking ??= this.#admin.connect().catch((error: unknown) => {
      this.#asking = undefined;
      throw error;
    });
    return this.#asking;
  }
}
