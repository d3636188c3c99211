import type { z } from 'zod';

type Store = Pick<Storage, 'getItem' | 'setItem'>;

/** The last good answer to a question, and when it came. */
export interface Answer<T> {
  readonly value: T;
  readonly asOfMs: number;
}

/**
 * The last good answers, for times without new ones. In memory; with a schema also in the browser's storage: only for
 * what anyone may see.
 */
export class LastAnswers {
  readonly #storage: Store;
  readonly #now: () => number;
  readonly #memory = new Map<string, Answer<unknown>>();

  constructor(storage: Store, now: () => number) {
    this.#storage = storage;
    this.#now = now;
  }

  put<T>(key: string, value: T, isPublic: boolean): Answer<T> {
    const answer = { value, asOfMs: this.#now() };
    this.#memory.set(key, answer);
    try {
      if (isPublic) this.#storage.setItem(storageKey(key), JSON.stringify(answer));
    } catch {
      // The storage is full or forbidden: the answer stays in memory.
    }
    return answer;
  }

  get<T>(key: string, schema?: z.ZodType<T>): Answer<T> | undefined {
    const known = this.#memory.get(key) as Answer<T> | undefined;
    if (known || !schema) return known;
    try {
      const { value, asOfMs } = JSON.parse(this.#storage.getItem(storageKey(key)) ?? '');
      return { value: schema.parse(value), asOfMs: Number(asOfMs) };
    } catch {
      return undefined;
    }
  }

  /** Forgets what only the signed-in caller may see. */
  forgetPrivate(): void {
    this.#memory.clear();
  }
}

const storageKey = (key: string) => `fieldguide.last.${key}`;
