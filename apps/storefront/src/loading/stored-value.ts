import type { z } from 'zod';

type Store = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;

/** A value in the storage of this browser, the same in all tabs. What does not fit the schema counts as absent. */
export class StoredValue<T> {
  readonly #storage: Store;
  readonly #key: string;
  readonly #schema: z.ZodType<T>;
  readonly #absent: T;
  readonly #listeners = new Set<() => void>();
  #value: T;

  constructor(storage: Store, key: string, schema: z.ZodType<T>, absent: T) {
    this.#storage = storage;
    this.#key = key;
    this.#schema = schema;
    this.#absent = absent;
    this.#value = this.#read();
  }

  get value(): T {
    return this.#value;
  }

  /** Saves what `change` makes of the stored value, which another tab may have changed meanwhile. */
  update(change: (value: T) => T): T {
    this.#value = change(this.#read());
    if (this.#value === this.#absent) this.#storage.removeItem(this.#key);
    else this.#storage.setItem(this.#key, JSON.stringify(this.#value));
    this.#notify();
    return this.#value;
  }

  /** Another tab has changed the storage. */
  onStorageChange(): void {
    this.#value = this.#read();
    this.#notify();
  }

  readonly subscribe = (listener: () => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  #read(): T {
    try {
      return this.#schema.parse(JSON.parse(this.#storage.getItem(this.#key) ?? ''));
    } catch {
      return this.#absent;
    }
  }

  #notify(): void {
    for (const listener of this.#listeners) listener();
  }
}
