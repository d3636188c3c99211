import { type Clock, derivedId } from '@fieldguide/clock';
import {
  DeadLetter,
  type Envelope,
  MovedOn,
  type UnitOfWork,
  type UnitsOfWork,
} from '@fieldguide/database';
import { inSpan, type Log, metrics } from '@fieldguide/telemetry';
import { messageShape } from './message-shape.ts';
import type { IncomingRecord } from './messaging.ts';
import type { MessageContract } from './on.decorator.ts';

export interface Handler {
  readonly contract: MessageContract;
  readonly handle: (message: Envelope, uow: UnitOfWork) => Promise<void>;
}

export interface Consumer {
  handle(batch: readonly IncomingRecord[]): Promise<void>;
}

const ATTEMPTS = 3;

/**
 * Makes "at least once" have its effect exactly once: inbox row, effect and outgoing rows are one transaction.
 * A batch that fails is done again key by key; a record that cannot be handled is parked as a dead letter, and the
 * later records of its key wait behind it.
 */
export class MessageConsumer implements Consumer {
  readonly #service: string;
  readonly #units: UnitsOfWork;
  readonly #handlers: ReadonlyMap<string, Handler>;
  readonly #clock: Clock;
  readonly #log: Log;

  constructor(
    service: string,
    units: UnitsOfWork,
    handlers: readonly Handler[],
    clock: Clock,
    log: Log,
  ) {
    this.#service = service;
    this.#units = units;
    this.#handlers = new Map(
      handlers.map((each) => [`${each.contract.topic}/${each.contract.type}`, each]),
    );
    this.#clock = clock;
    this.#log = log;
  }

  /** @throws only when the database cannot be reached: then the transport gives the batch again */
  async handle(batch: readonly IncomingRecord[]): Promise<void> {
    const wanted = batch.filter((record) => this.#isWanted(record));
    if (wanted.length === 0) return;
    try {
      await this.#units.run(async (uow) => {
        for (const record of wanted) await this.#handleOne(record, uow);
      });
    } catch (error) {
      if (wanted.length > 1)
        this.#log.warn({ err: error, records: wanted.length }, 'A batch is done again key by key');
      for (const records of Map.groupBy(wanted, ({ key }) => key).values())
        await this.#keyByKey(records);
    }
  }

  /** Handles the parked records of a key again, in their order; stops at the first that fails again. */
  async redrive(key: string): Promise<{ redriven: number; failed?: string }> {
    let redriven = 0;
    for (;;) {
      try {
        const more = await this.#units.run(async (uow) => {
          const letters = await uow.find(DeadLetter, { key, redriven: false }, 10_000);
          const [next] = letters.toSorted((a, b) => Number(a.arrival) - Number(b.arrival));
          if (!next) return false;
          next.redriven = true;
          await uow.save(DeadLetter, next);
          await uow.receive(next.envelope);
          await this.#call(next.topic, next.envelope, uow);
          return true;
        });
        if (!more) return { redriven };
        redriven += 1;
      } catch (error) {
        return { redriven, failed: (error as Error).message };
      }
    }
  }

  async #keyByKey(records: readonly IncomingRecord[]): Promise<void> {
    for (const record of records) {
      for (let attempt = 1; ; attempt++) {
        try {
          await this.#units.run((uow) => this.#handleOne(record, uow));
          break;
        } catch (error) {
          if (attempt < ATTEMPTS) continue;
          // Losing a race again and again is no fault of the record: the transport brings it back later.
          if (error instanceof MovedOn) throw error;
          await this.#units.run((uow) => this.#park(record, (error as Error).message, uow));
          break;
        }
      }
    }
  }

  async #handleOne(record: IncomingRecord, uow: UnitOfWork): Promise<void> {
    const envelope = envelopeOf(record);
    if (!envelope) return this.#park(record, 'not a CloudEvents envelope', uow);
    if (!(await uow.receive(envelope)))
      return this.#count(record.topic, envelope.type, 'duplicate');
    const [waiting] = await uow.find(DeadLetter, { redriven: false }, 1);
    if (waiting) {
      const [sameKey] = await uow.find(DeadLetter, { key: record.key, redriven: false }, 1);
      if (sameKey) return this.#park(record, `waits behind ${sameKey.messageId}`, uow);
    }
    await this.#call(record.topic, envelope, uow);
    this.#count(record.topic, envelope.type, 'handled');
  }

  async #call(topic: string, envelope: Envelope, uow: UnitOfWork): Promise<void> {
    const handler = this.#handlers.get(`${topic}/${envelope.type}`);
    if (!handler) throw new Error(`${this.#service} has no handler for ${topic}/${envelope.type}`);
    const data = handler.contract.data.parse(envelope.data);
    const { type, subject } = envelope;
    await inSpan(
      'handle',
      `handle ${type}`,
      { topic, subject },
      () => handler.handle({ ...envelope, data }, uow),
      {
        ...envelope,
      },
    );
  }

  async #park(record: IncomingRecord, reason: string, uow: UnitOfWork): Promise<void> {
    const { topic, key, value, position } = record;
    const envelope = envelopeOf(record);
    const messageId = envelope?.id ?? derivedId(topic, String(position.partition), position.offset);
    if (envelope) await uow.receive(envelope);
    if (await uow.load(DeadLetter, messageId)) return;
    const letter = Object.assign(new DeadLetter(), {
      messageId,
      topic,
      key,
      envelope: envelope ?? { malformed: value },
      reason: reason.slice(0, 2_000),
      arrival: position.offset,
      parkedAt: this.#clock.now(),
    });
    await uow.save(DeadLetter, letter);
    this.#log.error({ topic, key, messageId, reason }, 'A message was parked as a dead letter');
    this.#count(topic, envelope?.type ?? 'malformed', 'parked');
  }

  /** A topic carries more types than one service cares for; those are left alone, malformed ones are not. */
  #isWanted(record: IncomingRecord): boolean {
    const envelope = envelopeOf(record);
    return !envelope || this.#handlers.has(`${record.topic}/${envelope.type}`);
  }

  #count(topic: string, type: string, outcome: string): void {
    metrics.messagesHandled.inc({ topic, type, consumer: this.#service, outcome });
  }
}

/** The envelope of a record, or undefined when it is none. */
export function envelopeOf({ value }: IncomingRecord): Envelope | undefined {
  try {
    const read = messageShape.safeParse(JSON.parse(value));
    return read.success ? (read.data as unknown as Envelope) : undefined;
  } catch {
    return undefined;
  }
}
