import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { writeFileSafely } from '@fieldguide/platform-host/environment';

export const CODE_LIFETIME_MS = 60_000;
export const SESSION_LIFETIME_MS = 12 * 3_600_000;
/** The oldest is dropped: a script that requests codes cannot fill the memory. */
const KEPT_MAX = 32;

/** Expiry times by hash. */
type Entries = Map<string, number>;

/**
 * One-time codes and the browser sessions that they start. Only hashes are kept; those of sessions also in a file, so that
 * a browser stays signed in when the platform restarts.
 */
export class Sessions {
  readonly #file: string;
  readonly #now: () => number;
  readonly #codes: Entries = new Map();
  readonly #sessions: Entries;

  constructor(file: string, now: () => number = () => Date.now()) {
    this.#file = file;
    this.#now = now;
    this.#sessions = read(file);
  }

  /** Returns a code that starts one session within `CODE_LIFETIME_MS`. */
  issueCode(): string {
    return this.#add(this.#codes, CODE_LIFETIME_MS);
  }

  /** Returns a new session; undefined when the code is unknown, used or expired. */
  redeem(code: string): string | undefined {
    const entry = this.#find(this.#codes, code);
    if (!entry) return undefined;
    this.#codes.delete(entry);
    const session = this.#add(this.#sessions, SESSION_LIFETIME_MS);
    this.#store();
    return session;
  }

  has(session: string): boolean {
    return this.#find(this.#sessions, session) !== undefined;
  }

  end(session: string): void {
    this.#sessions.delete(hashOf(session));
    this.#store();
  }

  #add(entries: Entries, lifetimeMs: number): string {
    const value = randomBytes(32).toString('base64url');
    entries.set(hashOf(value), this.#now() + lifetimeMs);
    for (const [hash] of [...entries].slice(0, Math.max(0, entries.size - KEPT_MAX)))
      entries.delete(hash);
    return value;
  }

  /** Compares with every entry in constant time. */
  #find(entries: Entries, value: string): string | undefined {
    const given = hashOf(value);
    const found = [...entries].filter(([hash]) => isSame(hash, given));
    return found.find(([, endsMs]) => endsMs > this.#now())?.[0];
  }

  #store(): void {
    writeFileSafely(this.#file, JSON.stringify([...this.#sessions]), 0o600);
  }
}

/** Compares in constant time for values of the same length. */
export function isSame(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}

const hashOf = (value: string) => createHash('sha256').update(value).digest('base64url');

function read(file: string): Entries {
  try {
    return new Map(existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : []);
  } catch {
    return new Map(); // incomplete: browsers sign in again
  }
}
