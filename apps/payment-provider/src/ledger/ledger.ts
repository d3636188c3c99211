import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { appendFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Operation } from '@fieldguide/contracts/payment-provider';
import { Injectable } from '@nestjs/common';
import { PaymentProviderConfig } from '../payment-provider.config.ts';

/** What the provider has done, kept in a file: money must not be forgotten by a restart. */
@Injectable()
export class Ledger {
  readonly #file: string;
  readonly #operations = new Map<string, Operation>();
  #writing: Promise<void> = Promise.resolve();

  constructor({ LEDGER_FILE }: PaymentProviderConfig) {
    this.#file = LEDGER_FILE;
    mkdirSync(dirname(LEDGER_FILE), { recursive: true });
    const lines = existsSync(LEDGER_FILE) ? readFileSync(LEDGER_FILE, 'utf8').split('\n') : [];
    for (const line of lines.filter(Boolean)) {
      const operation = JSON.parse(line) as Operation;
      this.#operations.set(operation.key, operation);
    }
  }

  get all(): readonly Operation[] {
    return [...this.#operations.values()];
  }

  find(key: string): Operation | undefined {
    return this.#operations.get(key);
  }

  /** Written before it is answered; the first result for a key stays. */
  async add(operation: Operation): Promise<Operation> {
    const earlier = this.#operations.get(operation.key);
    if (earlier) return earlier;
    this.#operations.set(operation.key, operation);
    this.#writing = this.#writing.then(() =>
      appendFile(this.#file, `${JSON.stringify(operation)}\n`),
    );
    await this.#writing;
    return operation;
  }
}
