import type { Clock } from '@fieldguide/clock';
import type { DependencyVerdict, Log } from '@fieldguide/telemetry';
import { type Admin, type ISocketFactory, Kafka, type KafkaConfig, logLevel } from 'kafkajs';
import { brokerSettings } from './broker-url.ts';
import { KafkaConsumer, type RecordHandler } from './kafka-consumer.ts';
import { KafkaProducer } from './kafka-producer.ts';
import {
  Messaging,
  type OutgoingRecord,
  type SubscribeOptions,
  type Subscription,
} from './messaging.ts';
import { observePublish } from './observe-messages.ts';
import { patchIdleTimer, patchTimeoutCheck } from './patch-timers.ts';
import { withTimeout } from './within.ts';

export interface KafkaSettings {
  /** See `broker-url.ts`. */
  readonly url: string;
  readonly clientId: string;
  /** Prefix of every topic and group, so that environments can share a broker. */
  readonly prefix: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Opens connections; tests insert a proxy. */
  readonly socketFactory?: ISocketFactory;
  /** Time limit of a publish on an open connection; 6 s by default. */
  readonly publishMsMax?: number;
}

const STATE_KEPT_MS = 10_000;
const PROBE_MS = 500;
const CLOSE_MS_MAX = 1_000;
/** Time limit for reading broadcasts when an instance starts. */
const BROADCAST_CATCH_UP_MS = 10_000;

/** The port on Apache Kafka: acknowledged by all replicas, offsets after the handler. */
export class KafkaMessaging extends Messaging {
  readonly #settings: KafkaSettings;
  readonly #kafka: Kafka;
  readonly #producer: KafkaProducer;
  readonly #admin: Admin;
  readonly #consumers = new Set<KafkaConsumer>();
  readonly #startedAt: number;
  #hasServed = false;
  #connecting: Promise<void> | undefined;
  #probing: Promise<'ok' | 'degraded'> | undefined;
  #lastProbe: { state: 'ok' | 'degraded'; at: number } = { state: 'degraded', at: 0 };

  constructor(settings: KafkaSettings) {
    super();
    patchIdleTimer();
    patchTimeoutCheck();
    this.#settings = settings;
    this.#startedAt = settings.clock.now().getTime();
    const { log, clientId, url, socketFactory, clock, publishMsMax } = settings;
    const config: KafkaConfig = {
      clientId,
      ...brokerSettings(url),
      connectionTimeout: 2_000,
      requestTimeout: 10_000,
      retry: { initialRetryTime: 100, maxRetryTime: 2_000, retries: 5 },
      ...(socketFactory && { socketFactory }),
    };
    this.#kafka = new Kafka({
      ...config,
      logLevel: logLevel.WARN,
      // kafkajs logs errors that it recovers from as ERROR; they are informational.
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
    await observePublish(batch, (traceparents) => {
      const traced = batch.map((each, at) => ({ ...each, traceparent: traceparents[at] }));
      const byTopic = Map.groupBy(traced, ({ topic }) => topic);
      return this.#producer.publish(
        [...byTopic].map(([topic, records]) => ({
          topic: this.#settings.prefix + topic,
          messages: records.map(({ envelope, traceparent }) => ({
            key: envelope.subject,
            value: JSON.stringify(envelope),
            headers: {
              'content-type': 'application/cloudevents+json',
              ...(traceparent && { traceparent }),
            },
          })),
        })),
      );
    });
  }

  override async subscribe(
    topics: readonly string[],
    options: SubscribeOptions,
    handler: RecordHandler,
  ): Promise<Subscription> {
    const { clientId, prefix, clock, log } = this.#settings;
    const consumer = new KafkaConsumer(
      { kafka: this.#kafka, clientId, prefix, clock, log },
      topics,
      options,
      handler,
    );
    this.#consumers.add(consumer);
    return {
      close: () => {
        this.#consumers.delete(consumer);
        return consumer.close();
      },
    };
  }

  override async lag(group: string, topics: readonly string[]): Promise<number | undefined> {
    const { prefix } = this.#settings;
    try {
      await this.#connectAdmin();
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

  /**
   * `down` until the broadcasts from before the start are read, for 10 s at most and never again afterwards: an
   * instance that cannot reach Kafka serves, `degraded`, and may accept the token of an ended session (ADR 23).
   */
  override async state(): Promise<DependencyVerdict> {
    const broker = await this.#brokerState();
    const consumers = [...this.#consumers];
    const unread = consumers.flatMap(({ unreadTopics }) => unreadTopics);
    const detail = unread.length > 0 ? `not read to the end yet: ${unread.join(', ')}` : '';
    const ageMs = this.#settings.clock.now().getTime() - this.#startedAt;
    if (detail && !this.#hasServed && ageMs < BROADCAST_CATCH_UP_MS)
      return { state: 'down', detail };
    this.#hasServed = true;
    if (broker !== 'ok') return { state: broker, detail: 'Kafka does not respond' };
    const details = [detail, ...consumers.flatMap(({ failing }) => failing)].filter(Boolean);
    return details.length > 0 ? { state: 'degraded', detail: details.join('; ') } : { state: 'ok' };
  }

  async #brokerState(): Promise<'ok' | 'degraded'> {
    const { clock } = this.#settings;
    const age = clock.now().getTime() - this.#lastProbe.at;
    if (this.#lastProbe.state === 'ok' && age < STATE_KEPT_MS) return 'ok';
    // kafkajs may retry for many seconds; a readiness check needs a result sooner.
    this.#probing ??= this.#probeBroker().finally(() => {
      this.#probing = undefined;
    });
    const inTime = new AbortController();
    const late = clock.sleep(PROBE_MS, inTime.signal).then(() => 'degraded' as const);
    late.catch(() => undefined);
    const state = await Promise.race([this.#probing, late]);
    inTime.abort();
    return state;
  }

  async #probeBroker(): Promise<'ok' | 'degraded'> {
    let state: 'ok' | 'degraded' = 'ok';
    try {
      await this.#connectAdmin();
      await this.#admin.describeCluster();
    } catch {
      state = 'degraded';
    }
    this.#lastProbe = { state, at: this.#settings.clock.now().getTime() };
    return state;
  }

  /** Resolves within a few seconds, also when the broker does not respond. */
  override async close(): Promise<void> {
    const { clock } = this.#settings;
    await Promise.all([...this.#consumers].map((each) => each.close()));
    const admin = withTimeout(CLOSE_MS_MAX, clock, 'Kafka did not close', this.#admin.disconnect());
    await Promise.all([this.#producer.close(), admin.catch(() => undefined)]);
  }

  #connectAdmin(): Promise<void> {
    this.#connecting ??= this.#admin.connect().catch((error: unknown) => {
      this.#connecting = undefined;
      throw error;
    });
    return this.#connecting;
  }
}
