import type { SharedResponse } from './shared-response.ts';

export interface Entry {
  readonly path: string;
  readonly response: SharedResponse;
  readonly createdAt: number;
  readonly freshUntil: number;
  readonly refreshUntil: number;
  readonly errorUntil: number;
  /** Changed at the service: used only when no newer one can be fetched. */
  isOutdated: boolean;
  /** After a failed fetch, nothing is requested from the service before this. */
  retryAt: number;
}

// Of an entry in the maps, beside its texts and buffers.
const ENTRY_BYTES = 1_000;

/** Stored responses by URL; the least recently used ones are evicted when all together exceed the maximum of bytes. */
export class StoredResponses {
  readonly #bytesMax: number;
  /** In the order of their last use: a Map iterates in the order of insertion. */
  readonly #entries = new Map<string, Entry>();
  /** The entries that are not outdated. */
  readonly #byPath = new Map<string, Set<Entry>>();
  bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get(url: string): Entry | undefined {
    const entry = this.#entries.get(url);
    if (!entry) return undefined;
    this.#entries.delete(url);
    this.#entries.set(url, entry);
    return entry;
  }

  /** @returns false when it is larger than all entries may be */
  set(url: string, entry: Entry): boolean {
    this.delete(url);
    const bytes = bytesOf(url, entry);
    if (bytes > this.#bytesMax) return false;
    this.#entries.set(url, entry);
    this.bytes += bytes;
    const same = this.#byPath.get(entry.path) ?? new Set();
    this.#byPath.set(entry.path, same.add(entry));
    for (const oldest of this.#entries.keys()) {
      if (this.bytes <= this.#bytesMax) break;
      this.delete(oldest);
    }
    return true;
  }

  delete(url: string): void {
    const entry = this.#entries.get(url);
    if (!entry) return;
    this.#entries.delete(url);
    this.bytes -= bytesOf(url, entry);
    const same = this.#byPath.get(entry.path);
    same?.delete(entry);
    if (same?.size === 0) this.#byPath.delete(entry.path);
  }

  /** Marks every response of a path, whatever its query. Each is marked once, so that many changes cost little. */
  markOutdated(path: string): void {
    for (const entry of this.#byPath.get(path) ?? []) entry.isOutdated = true;
    this.#byPath.delete(path);
  }
}

function bytesOf(url: string, { response: { headers, body, gzipped } }: Entry): number {
  const text = headers.reduce((sum, { length }) => sum + length, url.length);
  return ENTRY_BYTES + text + body.length + (gzipped?.length ?? 0);
}
