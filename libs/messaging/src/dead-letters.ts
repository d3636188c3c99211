import type { Clock } from '@fieldguide/clock';
import { isTransient, type UnitOfWork, type UnitOfWorkRunner } from '@fieldguide/database';
import type { Log } from '@fieldguide/telemetry';
import { keyLock, type MessageConsumer, reasonOf } from './message-consumer.ts';
import { DeadLetter, type DeadLetterOutcome } from './message-tables.entity.ts';
import { recordOf, storableText } from './parked-record.ts';

const REDRIVE_MS_MAX = 3_000;
const REASON_LENGTH_MAX = 2_000;
const NOTE_LENGTH_MAX = 500;

/** The result of a redrive. */
export interface Redrive {
  readonly key: string;
  /** Number of messages that were handled. */
  readonly redriven: number;
  /** The letter that was rejected again; it stays, and so do those behind it. */
  readonly failed?: { readonly id: string; readonly reason: string };
  /** Letters of this key still wait. If none failed, the time limit was reached: redrive again. */
  readonly moreWaiting: boolean;
}

export interface Discard {
  readonly id: string;
  readonly key: string;
  /** Letters of this key still wait: redrive them. */
  readonly moreWaiting: boolean;
}

/** The letter does not exist (`unknown`), or was already redriven or discarded (`finished`). */
export class DeadLetterNotFoundError extends Error {
  override name = 'DeadLetterNotFoundError';
  readonly kind: 'unknown' | 'finished';

  constructor(kind: 'unknown' | 'finished', message: string) {
    super(message);
    this.kind = kind;
  }
}

/**
 * Resolves the dead letters of a service. Each step holds the lock of the letter's key, as a message of this key does
 * before it is parked behind a letter: after a redrive of a key none of its messages is left behind. Actions of operators
 * are stored with the letter and logged.
 */
export class DeadLetters {
  readonly #units: UnitOfWorkRunner;
  readonly #clock: Clock;
  readonly #log: Log;

  constructor(units: UnitOfWorkRunner, clock: Clock, log: Log) {
    this.#units = units;
    this.#clock = clock;
    this.#log = log;
  }

  /**
   * Handles the letters of a key in the order in which they were parked; stops at the first that is rejected again.
   * @throws DeadLetterNotFoundError, or a transient error
   */
  async redriveKey(key: string, by: string, consumer: MessageConsumer): Promise<Redrive> {
    const [first] = await this.#units.run((uow) => firstWaiting(key, uow));
    if (!first)
      throw new DeadLetterNotFoundError('unknown', `No dead letter of the key ${key} is waiting.`);
    // Records without a key have no order, and nothing waits behind them: each is redriven by its own id.
    if (key === '')
      throw new DeadLetterNotFoundError('unknown', 'Redrive a record without a key by its id.');
    return this.#redrive(first, by, consumer);
  }

  /**
   * Handles the letters of the same key as this one; only this one when its record has no key.
   * @throws DeadLetterNotFoundError, or a transient error
   */
  async redrive(id: string, by: string, consumer: MessageConsumer): Promise<Redrive> {
    const letter = await this.#units.run(async (uow) => loadWaiting(id, uow));
    return this.#redrive(letter, by, consumer);
  }

  /** @throws DeadLetterNotFoundError */
  async discard(id: string, by: string, note?: string): Promise<Discard> {
    const { key, topic, moreWaiting } = await this.#units.run(async (uow) => {
      const { key } = await loadWaiting(id, uow);
      await uow.exclusively(keyLock(key));
      const letter = await loadWaiting(id, uow);
      resolve(letter, 'discarded', by, uow.now());
      if (note) letter.note = storableText(note, NOTE_LENGTH_MAX);
      await uow.save(DeadLetter, letter);
      const moreWaiting = key !== '' && (await firstWaiting(key, uow)).length > 0;
      return { ...letter, moreWaiting };
    });
    this.#log.warn({ messageId: id, topic, key, by, note }, 'A dead letter was discarded');
    return { id, key, moreWaiting };
  }

  async #redrive({ messageId, key }: DeadLetter, by: string, consumer: MessageConsumer) {
    const until = this.#clock.fromNow(REDRIVE_MS_MAX);
    let redriven = 0;
    for (;;) {
      let letter: DeadLetter | undefined;
      try {
        await this.#units.run(async (uow) => {
          await uow.exclusively(keyLock(key));
          [letter] = key === '' ? await waitingById(messageId, uow) : await firstWaiting(key, uow);
          if (!letter) return;
          resolve(letter, 'redriven', by, uow.now());
          await uow.save(DeadLetter, letter);
          await consumer.handleParked(recordOf(letter), uow);
        });
      } catch (error) {
        if (!letter || isTransient(error)) throw error;
        const failed = { id: letter.messageId, reason: reasonOf(error) };
        await this.#keepReason(failed);
        this.#log.warn({ messageId: failed.id, key, by, err: error }, 'A redrive failed');
        return { key, redriven, failed, moreWaiting: true };
      }
      if (!letter) return { key, redriven, moreWaiting: false };
      const { messageId: id, topic } = letter;
      this.#log.info({ messageId: id, topic, key, by }, 'A dead letter was redriven');
      redriven += 1;
      if (this.#clock.now() > until) return { key, redriven, moreWaiting: true };
    }
  }

  /** A letter that only waited behind another gets its own reason. */
  async #keepReason({ id, reason }: { id: string; reason: string }): Promise<void> {
    await this.#units.run(async (uow) => {
      const [letter] = await waitingById(id, uow);
      if (!letter) return;
      letter.reason = storableText(reason, REASON_LENGTH_MAX);
      await uow.save(DeadLetter, letter);
    });
  }
}

function resolve(
  letter: DeadLetter,
  outcome: DeadLetterOutcome,
  handledBy: string,
  handledAt: Date,
): void {
  Object.assign(letter, { redriven: true, outcome, handledBy, handledAt });
}

/** The first waiting letter of a key. */
const firstWaiting = (key: string, uow: UnitOfWork): Promise<DeadLetter[]> =>
  uow.find(DeadLetter, { key, redriven: false }, 1, 'serial');

const waitingById = (messageId: string, uow: UnitOfWork): Promise<DeadLetter[]> =>
  uow.find(DeadLetter, { messageId, redriven: false }, 1);

async function loadWaiting(id: string, uow: UnitOfWork): Promise<DeadLetter> {
  const letter = await uow.load(DeadLetter, id);
  if (!letter) throw new DeadLetterNotFoundError('unknown', `There is no dead letter ${id}.`);
  if (!letter.redriven) return letter;
  const { outcome, handledAt, handledBy } = letter;
  const at = handledAt ? ` at ${handledAt.toISOString()}` : '';
  const by = handledBy ? ` by ${handledBy}` : '';
  const message = `The dead letter ${id} was ${outcome ?? 'redriven'} before${at}${by}.`;
  throw new DeadLetterNotFoundError('finished', message);
}
