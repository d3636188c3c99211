import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { CliError } from '@fieldguide/platform-host/cli-error';
import { home } from '@fieldguide/platform-host/environment';
import { ContractRecord, RecordEntry } from './record.ts';

type New = RecordEntry extends infer Each
  ? Each extends RecordEntry
    ? Omit<Each, 'at'>
    : never
  : never;

/**
 * Keeps the contract record in a file of JSON lines. Appending is one write, so concurrent commands lose nothing.
 * FIELDGUIDE_CONTRACTS_RECORD selects another file.
 */
export class RecordFile {
  readonly path: string;

  constructor(
    path = process.env.FIELDGUIDE_CONTRACTS_RECORD ?? join(home, 'contracts', 'record.jsonl'),
  ) {
    this.path = path;
  }

  /** @throws CliError with the number of the first line that cannot be read */
  read(): ContractRecord {
    if (!existsSync(this.path)) return new ContractRecord([]);
    const lines = readFileSync(this.path, 'utf8').split('\n');
    const entries = lines.flatMap((line, index) => (line ? [this.#entry(line, index + 1)] : []));
    return new ContractRecord(entries);
  }

  append(entries: readonly New[], at = new Date()): void {
    mkdirSync(dirname(this.path), { recursive: true });
    const lines = entries.map((entry) => RecordEntry.parse({ ...entry, at: at.toISOString() }));
    appendFileSync(this.path, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  }

  #entry(line: string, number: number): RecordEntry {
    try {
      return RecordEntry.parse(JSON.parse(line));
    } catch (error) {
      throw new CliError(
        `Cannot read line ${number} of the contract record: ${(error as Error).message.split('\n')[0]}`,
        `fix or remove that line in ${this.path}`,
        error,
      );
    }
  }
}
