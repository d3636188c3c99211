import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import {
  type Ledger as LedgerPage,
  type LedgerQuery,
  Operation,
} from '@fieldguide/contracts/payment-provider';
import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { PaymentProviderConfig } from '../payment-provider.config.ts';

const WAIT_FOR_OTHERS_MS = 5_000;

/**
 * The provider's operations, in a file that all its instances share: they survive a restart, and two instances cannot
 * charge the same key concurrently.
 */
@Injectable()
export class Ledger implements OnApplicationShutdown {
  readonly #file: DatabaseSync;
  readonly #byKey: StatementSync;
  readonly #ofPayment: StatementSync;
  readonly #insert: StatementSync;

  constructor({ LEDGER_FILE }: PaymentProviderConfig) {
    mkdirSync(dirname(LEDGER_FILE), { recursive: true });
    this.#file = new DatabaseSync(LEDGER_FILE, { timeout: WAIT_FOR_OTHERS_MS });
    this.#file.exec(`
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = FULL;
      CREATE TABLE IF NOT EXISTS operations (position INTEGER PRIMARY KEY, key TEXT UNIQUE NOT NULL, operation TEXT NOT NULL);
      CREATE INDEX IF NOT EXISTS operations_of_payment ON operations (operation ->> 'paymentId');
      CREATE TABLE IF NOT EXISTS failures (key TEXT PRIMARY KEY, count INTEGER NOT NULL);
    `);
    this.#byKey = this.#file.prepare('SELECT operation FROM operations WHERE key = ?');
    this.#ofPayment = this.#file.prepare(
      "SELECT operation FROM operations WHERE operation ->> 'paymentId' = ?",
    );
    this.#insert = this.#file.prepare(
      'INSERT INTO operations (key, operation) VALUES (?, ?) ON CONFLICT DO NOTHING',
    );
  }

  /** One page, oldest first; of one payment or of all. */
  page({ paymentId, limit, cursor }: LedgerQuery): LedgerPage {
    const ofPayment = paymentId ? "AND operation ->> 'paymentId' = $payment" : '';
    const rows = this.#file
      .prepare(
        `SELECT position, operation FROM operations WHERE position > $cursor ${ofPayment} ORDER BY position LIMIT $limit`,
      )
      .all({ $cursor: cursor, $limit: limit, ...(paymentId && { $payment: paymentId }) });
    const nextCursor = rows.length === limit ? String(rows.at(-1)!['position']) : null;
    return { operations: rows.map(read), nextCursor };
  }

  find(key: string): Operation | undefined {
    const row = this.#byKey.get(key);
    return row && read(row);
  }

  /**
   * Writes to disk before it returns; the first result of a key stays. Reading the payment's operations and adding one
   * are one transaction.
   */
  add(paymentId: string, decide: (done: readonly Operation[]) => Operation): Operation {
    this.#file.exec('BEGIN IMMEDIATE');
    try {
      const operation = decide(this.#ofPayment.all(paymentId).map(read));
      this.#insert.run(operation.key, JSON.stringify(operation));
      const kept = this.find(operation.key)!;
      this.#file.exec('COMMIT');
      return kept;
    } catch (error) {
      this.#file.exec('ROLLBACK');
      throw error;
    }
  }

  /** How often this key has failed now, for tokens that fail a few times. */
  countFailure(key: string): number {
    const row = this.#file
      .prepare(
        'INSERT INTO failures VALUES (?, 1) ON CONFLICT (key) DO UPDATE SET count = count + 1 RETURNING count',
      )
      .get(key);
    return Number(row!['count']);
  }

  onApplicationShutdown(): void {
    this.#file.close();
  }
}

function read({ operation }: Record<string, unknown>): Operation {
  return Operation.parse(JSON.parse(String(operation)));
}
