import type { Socket } from 'node:net';
import type { Clock } from '@fieldguide/clock';
import type { Log } from '@fieldguide/telemetry';
import {
  type ISocketFactory,
  Kafka,
  type KafkaConfig,
  logLevel,
  type TopicMessages,
} from 'kafkajs';
import createSocketFactory from 'kafkajs/src/network/socketFactory.js';
import { withTimeout } from './within.ts';

// A service has 10 s to stop, and waits for the current publish: for the connection and for the acknowledgement.
const CONNECT_MS_MAX = 2_000;
const PUBLISH_MS_MAX = 6_000;
/** Time that the broker waits for its replicas before it returns an error. */
const REPLICAS_MS_MAX = 5_000;
const CLOSE_MS_MAX = 2_000;

export interface KafkaProducerSettings {
  readonly kafka: KafkaConfig;
  readonly clock: Clock;
  readonly log: Log;
  readonly publishMsMax?: number | undefined;
}

/**
 * Publishes with one attempt and a time limit. A producer that failed is never used again: its connections are
 * destroyed, so that it can send nothing more, and the next publish starts with a new one. One that is still connecting has
 * sent nothing, and is kept: its login may take longer than a publish waits. The caller retries, and the inbox discards
 * duplicates (ADR 22).
 */
export class KafkaProducer {
  readonly #settings: KafkaProducerSettings;
  #session: ProducerSession | undefined;
  #isClosed = false;

  constructor(settings: KafkaProducerSettings) {
    this.#settings = settings;
  }

  /**
   * Resolves when all replicas have every message. Publishes that run at the same time share a producer: when one
   * fails, the others are rejected too unless they were acknowledged before.
   */
  async publish(topicMessages: TopicMessages[]): Promise<void> {
    if (this.#isClosed) throw new Error('The producer is closed');
    const { clock, publishMsMax = PUBLISH_MS_MAX } = this.#settings;
    this.#session ??= new ProducerSession(this.#settings);
    const session = this.#session;
    try {
      await withTimeout(CONNECT_MS_MAX, clock, 'Kafka did not connect', session.connected);
      await withTimeout(
        publishMsMax,
        clock,
        'Kafka did not acknowledge',
        session.send(topicMessages),
      );
    } catch (error) {
      if (session.isConnecting) throw error;
      if (this.#session === session) this.#session = undefined;
      session.abort();
      this.#settings.log.warn({ err: error }, 'A publish failed; the next one uses a new producer');
      throw error;
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const session = this.#session;
    if (!session) return;
    await withTimeout(
      CLOSE_MS_MAX,
      this.#settings.clock,
      'Kafka did not close',
      session.close(),
    ).catch(() => session.abort());
  }
}

/** One kafkajs producer and the connections that it has opened. */
class ProducerSession {
  readonly connected: Promise<void>;
  isConnecting = true;
  readonly #producer;
  readonly #sockets = new Set<Socket>();
  readonly #open: ISocketFactory;
  #isAborted = false;

  constructor({ kafka, log }: KafkaProducerSettings) {
    this.#open = kafka.socketFactory ?? createSocketFactory();
    this.#producer = new Kafka({
      ...kafka,
      socketFactory: (options) => this.#openSocket(options),
      logLevel: logLevel.WARN,
      logCreator:
        () =>
        ({ namespace, log: entry }) =>
          log[namespace === 'Producer' ? 'warn' : 'debug']({ kafka: entry }, entry.message),
    }).producer({
      // Neither retries nor idempotence: see ADR 22 for how kafkajs loses messages with them.
      retry: { retries: 0 },
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
    });
    this.connected = this.#producer.connect().finally(() => {
      this.isConnecting = false;
    });
    this.connected.catch(() => undefined);
  }

  async send(topicMessages: TopicMessages[]): Promise<void> {
    await this.#producer.sendBatch({ acks: -1, timeout: REPLICAS_MS_MAX, topicMessages });
  }

  close(): Promise<void> {
    return this.#producer.disconnect();
  }

  /** Drops unsent requests, and pending requests are rejected. */
  abort(): void {
    if (this.#isAborted) return;
    this.#isAborted = true;
    for (const socket of this.#sockets) socket.destroy(new Error('The producer has failed'));
    this.#producer.disconnect().catch(() => undefined);
  }

  #openSocket(options: Parameters<ISocketFactory>[0]): Socket {
    if (this.#isAborted) throw new Error('The producer has failed');
    const socket = this.#open(options);
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    return socket;
  }
}
