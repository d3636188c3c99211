import type { Clock } from '@fieldguide/clock';
import type { UnitOfWork, UnitOfWorkRunner } from '@fieldguide/database';
import type { Log } from '@fieldguide/telemetry';
import { type CustomTransportStrategy, type MessageHandler, Server } from '@nestjs/microservices';
import { isObservable, lastValueFrom } from 'rxjs';
import { type Handler, MessageConsumer } from './message-consumer.ts';
import type { IncomingRecord, Messaging, Subscription } from './messaging.ts';
import { observeHandling } from './observe-messages.ts';
import type { MessageContract } from './on-message.decorator.ts';
import { envelopeOf } from './parked-record.ts';
import type { Prefetch } from './prefetch.ts';
import { forgeryOf, logForgery, sendersByTopic } from './source-check.ts';

interface Extras {
  contract: MessageContract;
  mode: 'shared' | 'broadcast';
}

/**
 * Connects Nest's `@EventPattern` handlers to the messaging port. Nest's stock Kafka server commits past unknown topics and
 * loops on a record that throws; here the consumer decides: inbox, retry, dead letter.
 */
export class MessagingStrategy extends Server implements CustomTransportStrategy {
  readonly #service: string;
  readonly #messaging: Messaging;
  readonly #units: UnitOfWorkRunner | undefined;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #prefetch: Prefetch | undefined;
  #subscriptions: Subscription[] = [];
  #sharedTopics: readonly string[] = [];
  /** The consumer of the shared topics, for redriving its dead letters. */
  consumer: MessageConsumer | undefined;

  /** @param units undefined where shared messages are not handled: a `web` process, or a service without a database */
  constructor(
    service: string,
    messaging: Messaging,
    units: UnitOfWorkRunner | undefined,
    clock: Clock,
    log: Log,
    prefetch?: Prefetch,
  ) {
    super();
    this.#prefetch = prefetch;
    this.#service = service;
    this.#messaging = messaging;
    this.#units = units;
    this.#clock = clock;
    this.#log = log;
  }

  override async listen(callback: (error?: unknown) => void): Promise<void> {
    const all = [...this.getHandlers().values()].map(
      (each) => [each, each.extras as unknown as Extras] as const,
    );
    const handlersFor = (mode: Extras['mode']): Handler[] =>
      all
        .filter(([, extras]) => extras.mode === mode)
        .map(([handler, { contract }]) => ({
          contract,
          handle: (message, uow) => call(handler, message, uow),
        }));

    const broadcast = handlersFor('broadcast');
    await this.#subscribe(broadcast, 'broadcast', (batch) =>
      this.#dispatchBroadcast(broadcast, batch),
    );
    if (this.#units) {
      const shared = handlersFor('shared');
      const consumer = new MessageConsumer(
        this.#service,
        this.#units,
        shared,
        this.#clock,
        this.#log,
        this.#prefetch,
      );
      this.consumer = consumer;
      await this.#subscribe(shared, 'shared', (batch) => consumer.handle(batch));
    }
    callback();
  }

  /** A broadcast only updates an instance's in-memory state: an invalid or forged one is skipped, none is parked. */
  async #dispatchBroadcast(
    handlers: readonly Handler[],
    batch: readonly IncomingRecord[],
  ): Promise<void> {
    const senders = sendersByTopic(handlers.map(({ contract }) => contract));
    for (const record of batch) {
      const message = envelopeOf(record);
      const handler = handlers.find(
        ({ contract }) => contract.topic === record.topic && contract.type === message?.type,
      );
      if (!message || !handler) continue;
      if (forgeryOf(record.topic, message, senders)) {
        logForgery(this.#log, record, message);
        continue;
      }
      const handled = { record, envelope: message, group: this.#service, type: message.type };
      await observeHandling(handled, async () => {
        const data = handler.contract.data.safeParse(message.data);
        if (!data.success) return 'skipped';
        await handler.handle({ ...message, data: data.data }, undefined as never);
        return 'handled';
      });
    }
  }

  async #subscribe(
    handlers: readonly Handler[],
    mode: Extras['mode'],
    handle: (batch: readonly IncomingRecord[]) => Promise<void>,
  ): Promise<void> {
    const topics = [...new Set(handlers.map(({ contract }) => contract.topic))];
    if (topics.length === 0) return;
    if (mode === 'shared') this.#sharedTopics = topics;
    const options = { mode, group: this.#service };
    this.#subscriptions.push(await this.#messaging.subscribe(topics, options, handle));
  }

  /** Messages that the whole group has not handled yet, by topic that this instance handles; undefined: unknown. */
  lag(): Promise<readonly { topic: string; messages: number | undefined }[]> {
    const read = async (topic: string) => {
      const messages = await this.#messaging.lag(this.#service, [topic]);
      return { topic, messages };
    };
    return Promise.all(this.#sharedTopics.map(read));
  }

  override async close(): Promise<void> {
    await Promise.all(this.#subscriptions.map((each) => each.close()));
    this.#subscriptions = [];
  }

  override on(): void {}

  override unwrap<T>(): T {
    return this.#messaging as T;
  }
}

async function call(handler: MessageHandler, message: unknown, uow: UnitOfWork): Promise<void> {
  const result: unknown = await handler(message, uow);
  if (isObservable(result)) await lastValueFrom(result, { defaultValue: undefined });
}
