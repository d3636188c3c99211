import type { Clock } from '@fieldguide/clock';
import { isTransient, type UnitOfWork, type UnitOfWorkRunner } from '@fieldguide/database';
import type { Log } from '@fieldguide/telemetry';
import { accept, acceptAll } from './accept.ts';
import type { Envelope } from './envelope.ts';
import { isExpired } from './is-expired.ts';
import { DeadLetter } from './message-tables.entity.ts';
import type { IncomingRecord } from './messaging.ts';
import { type Outcome, observeHandling } from './observe-messages.ts';
import type { MessageContract } from './on-message.decorator.ts';
import { envelopeOf, keyText, letterOf } from './parked-record.ts';
import type { Prefetch } from './prefetch.ts';
import { forgeryOf, logForgery, sendersByTopic } from './source-check.ts';

export interface Handler {
  readonly contract: MessageContract;
  readonly handle: (message: Envelope, uow: UnitOfWork) => Promise<void>;
}

interface Consumer {
  handle(batch: readonly IncomingRecord[]): Promise<void>;
}

/** A record with its parsed envelope; a forged one has none, and no key: genuine ones neither wait for it nor have its id. */
interface Incoming {
  readonly record: IncomingRecord;
  readonly key: string;
  readonly envelope: Envelope | undefined;
  /** Why it has no envelope. */
  readonly defect?: string;
}

const ATTEMPTS = 3;
// A letter holds a whole record, maybe megabytes.
const LETTERS_MAX = 8;
const NO_ENVELOPE = 'not a CloudEvents envelope';

/**
 * Handles each message exactly once on top of at-least-once delivery: inbox row, effect and outgoing rows are one
 * transaction. A failed batch is retried key by key. A record that a schema or a handler rejects is parked as a dead
 * letter, and later records of its key wait behind it; a transient error is returned to the transport. An expired message
 * counts as handled, and nothing else happens.
 */
export class MessageConsumer implements Consumer {
  readonly #service: string;
  readonly #units: UnitOfWorkRunner;
  readonly #handlers: ReadonlyMap<string, Handler>;
  readonly #commandTopics: ReadonlySet<string>;
  readonly #senders: ReadonlyMap<string, readonly string[]>;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #prefetch: Prefetch | undefined;

  constructor(
    service: string,
    units: UnitOfWorkRunner,
    handlers: readonly Handler[],
    clock: Clock,
    log: Log,
    prefetch?: Prefetch,
  ) {
    this.#service = service;
    this.#prefetch = prefetch;
    this.#units = units;
    this.#handlers = new Map(
      handlers.map((each) => [`${each.contract.topic}/${each.contract.type}`, each]),
    );
    const commands = handlers.filter(({ contract }) => contract.kind === 'command');
    this.#commandTopics = new Set(commands.map(({ contract }) => contract.topic));
    this.#senders = sendersByTopic(handlers.map(({ contract }) => contract));
    this.#clock = clock;
    this.#log = log;
  }

  /** @throws a transient error: the transport delivers the batch again, after a pause */
  async handle(batch: readonly IncomingRecord[]): Promise<void> {
    const wanted = batch
      .map(read)
      .filter((each) => this.#isAddressedToUs(each))
      .map((each) => this.#withoutForgery(each));
    if (wanted.length === 0) return;
    try {
      await this.#units.run((uow) => this.#handleAll(wanted, uow));
    } catch (error) {
      if (wanted.length > 1)
        this.#log.warn(
          { err: error, records: wanted.length },
          'A batch failed; retrying key by key',
        );
      for (const records of Map.groupBy(wanted, ({ key }) => key).values())
        await this.#keyByKey(records);
    }
  }

  /**
   * Handles a parked record inside a unit of work of the caller.
   * @throws the error of the schema or handler
   */
  async handleParked(record: IncomingRecord, uow: UnitOfWork): Promise<void> {
    const envelope = envelopeOf(record);
    if (!envelope) throw new Error(NO_ENVELOPE);
    const forgery = forgeryOf(record.topic, envelope, this.#senders);
    if (forgery) throw new Error(forgery);
    await this.#observe({ record, key: keyText(record.key), envelope }, uow, async () => {
      await accept(uow, envelope); // its inbox row was written when it was parked; this sets the causation
      return this.#call(record.topic, envelope, uow);
    });
  }

  async #keyByKey(records: readonly Incoming[]): Promise<void> {
    for (const each of records) {
      for (let attempt = 1; ; attempt++) {
        try {
          await this.#units.run((uow) => this.#handleAll([each], uow));
          break;
        } catch (error) {
          // A failure of a lock, the database or the network is not caused by the record.
          if (isTransient(error)) throw error;
          if (attempt < ATTEMPTS) continue;
          await this.#units.run((uow) =>
            this.#observe(each, uow, () => this.#parkUnlessHandled(each, reasonOf(error), uow)),
          );
          break;
        }
      }
    }
  }

  /** Handles records in their order; what all of them need is read and written with one statement. */
  async #handleAll(all: readonly Incoming[], uow: UnitOfWork): Promise<void> {
    const messages = all.flatMap(({ envelope }) => envelope ?? []);
    // First the inbox: a letter that another instance is parking is committed when this statement has waited for its row.
    const unseen = await acceptAll(uow, messages);
    const [lettersOf] = await Promise.all([
      this.#keysWithLetters(all, uow),
      this.#prefetch?.prefetch(
        messages.filter(({ id }) => unseen.has(id)),
        uow,
      ),
    ]);
    for (const each of all)
      await this.#observe(each, uow, async () => {
        const outcome = await this.#handleOne(each, unseen, lettersOf, uow);
        if (outcome === 'parked') lettersOf.add(each.key);
        return outcome;
      });
  }

  /** @param unseen the ids that were not received before; this one is removed */
  async #handleOne(
    each: Incoming,
    unseen: Set<string>,
    lettersOf: ReadonlySet<string>,
    uow: UnitOfWork,
  ): Promise<Outcome> {
    const { record, key, envelope } = each;
    if (!envelope) return this.#park(each, each.defect ?? NO_ENVELOPE, uow);
    if (!unseen.delete(envelope.id)) return 'duplicate';
    uow.continueFrom(envelope);
    // Records without a key have no order.
    const mayWait = key !== '' && lettersOf.has(key);
    const blocking = mayWait ? await this.#blockingLetter(key, uow) : undefined;
    if (blocking) return this.#park(each, `waits behind ${blocking.messageId}`, uow);
    return this.#call(record.topic, envelope, uow);
  }

  /** Usually none, which costs one look-up in an empty index. */
  async #keysWithLetters(all: readonly Incoming[], uow: UnitOfWork): Promise<Set<string>> {
    const keys = [...new Set(all.map(({ key }) => key))].filter((key) => key !== '');
    if (keys.length === 0) return new Set();
    const letters = await uow.find(DeadLetter, { key: keys, redriven: false }, LETTERS_MAX);
    // When there are more, the look-up for each key decides.
    return new Set(letters.length < LETTERS_MAX ? letters.map(({ key }) => key) : keys);
  }

  /**
   * The first dead letter that this record has to wait for. A redrive may be about to finish it: only the holder of the
   * key's lock decides.
   *
   *   this record                         redrive of the key
   *   sees a letter                       takes the lock; handles and marks the letter
   *   waits for the lock                  commits
   *   looks again: none, is handled       looks again: none, ends
   *
   *   takes the lock, looks again: parks  waits for the lock
   *   commits                             looks: this record too; handles both
   *
   * A record never misses a letter that is still being parked: the earlier record has an inbox row in that transaction,
   * and an instance that receives the later record receives the earlier one first, and waits for that row.
   */
  async #blockingLetter(key: string, uow: UnitOfWork): Promise<DeadLetter | undefined> {
    await uow.exclusively(keyLock(key));
    return (await uow.find(DeadLetter, { key, redriven: false }, 1, 'serial'))[0];
  }

  async #call(topic: string, envelope: Envelope, uow: UnitOfWork): Promise<Outcome> {
    if (isExpired(envelope, this.#clock.now())) return 'expired';
    const handler = this.#handlers.get(`${topic}/${envelope.type}`);
    if (!handler) throw new Error(`${this.#service} has no handler for ${topic}/${envelope.type}`);
    const data = handler.contract.data.parse(envelope.data);
    await handler.handle({ ...envelope, data }, uow);
    return 'handled';
  }

  /** After a rebalance another instance may have handled or parked the record since this one failed. */
  async #parkUnlessHandled(each: Incoming, reason: string, uow: UnitOfWork): Promise<Outcome> {
    if (each.envelope && !(await accept(uow, each.envelope))) return 'duplicate';
    return this.#park(each, reason, uow);
  }

  async #park(each: Incoming, reason: string, uow: UnitOfWork): Promise<Outcome> {
    const letter = letterOf(each.record, each, reason, this.#clock.now());
    const { topic, key, messageId } = letter;
    if (await uow.load(DeadLetter, messageId)) return 'duplicate';
    await uow.save(DeadLetter, letter);
    uow.afterCommit(() => {
      const parked = { topic, key, messageId, reason: letter.reason };
      this.#log.error(parked, 'A message was parked as a dead letter');
      if (each.defect) logForgery(this.#log, each.record, envelopeOf(each.record)!);
    });
    return 'parked';
  }

  #withoutForgery(each: Incoming): Incoming {
    const { record, envelope } = each;
    const defect = envelope && forgeryOf(record.topic, envelope, this.#senders);
    return defect ? { record, key: '', envelope: undefined, defect } : each;
  }

  /**
   * An event topic carries more types than one service handles: those are skipped, because they are not
   * addressed to this service. A command topic is addressed to this service alone, so a type without a handler is a
   * message that would be lost: it is parked, and redriven when a version that handles it runs. Parking blocks one
   * key; returning it to the transport would block every key of the partition during the whole rollout.
   */
  #isAddressedToUs({ record: { topic }, envelope }: Incoming): boolean {
    if (!envelope || this.#commandTopics.has(topic)) return true;
    return this.#handlers.has(`${topic}/${envelope.type}`);
  }

  #observe({ record, envelope }: Incoming, uow: UnitOfWork, work: () => Promise<Outcome>) {
    // Unhandled types come from other services: they get one label value, to bound the number of series.
    const known = envelope && this.#handlers.has(`${record.topic}/${envelope.type}`);
    const type = known ? envelope.type : envelope ? 'unknown' : 'malformed';
    const message = { record, envelope, group: this.#service, type };
    return observeHandling(message, work, (report) => uow.afterCommit(report));
  }
}

/** The name of the lock that serialises redriving a key and parking behind it. */
export const keyLock = (key: string): string => `dead-letters:${key}`;

/** A text for any thrown value. */
export function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message || error.name : String(error);
  return text || 'no reason given';
}

const read = (record: IncomingRecord): Incoming => ({
  record,
  key: keyText(record.key),
  envelope: envelopeOf(record),
});
