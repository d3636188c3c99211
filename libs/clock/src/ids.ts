import { createHash } from 'node:crypto';
import { v7 } from 'uuid';

/** Source of new ids, injected so that a test can predict them. */
export abstract class Ids {
  /** A new UUIDv7 (RFC 9562): unique, and sorted by creation time. */
  abstract next(): string;
}

export class SystemIds extends Ids {
  override next(): string {
    return v7();
  }
}

/**
 * Returns the same UUIDv8 for the same parts (RFC 9562, section 5.8): the first 122 free bits of a
 * SHA-256 over the parts, each with its length in front so that `['ab','c']` differs from `['a','bc']`.
 * A repeated request thus finds its first result without a table of idempotency keys.
 */
export function derivedId(...parts: readonly string[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(`${Buffer.byteLength(part)}:${part};`);
  const bytes = hash.digest().subarray(0, 16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x80;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
