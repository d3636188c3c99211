import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { RESULTS } from '@fieldguide/contract-testing/places';

export { RESULTS };

export interface Result {
  readonly consumer: string;
  readonly provider: string;
  /** Fingerprint of what the consumer expects. */
  readonly pact: string;
  readonly interactions: number;
  readonly ok: boolean;
  readonly findings: readonly string[];
}

export function readResults(folder = RESULTS): Result[] {
  return readdirSync(folder)
    .toSorted()
    .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as Result);
}
