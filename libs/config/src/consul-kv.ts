import type Consul from 'consul';
import { type ConsulSettings, consulClient } from './consul-client.ts';

/** Values outside the environment, by full path; later entries of the map win. */
export interface KvSource {
  readonly values: ReadonlyMap<string, string>;
}

interface KvItem {
  Key: string;
  Value: string | null;
}

/**
 * Reads `<root>/common/*` and then `<root>/<service>/*` from Consul, and
 * reports changes. While Consul is unreachable the last known values stay.
 */
export class ConsulKv implements KvSource {
  values: ReadonlyMap<string, string> = new Map();
  readonly #consul: Consul;
  readonly #folders: readonly string[];
  #readError: string | undefined;
  #watches: Watched[] = [];
  /** The last known items of each folder. */
  readonly #seen: (readonly KvItem[])[];

  /** @param root `<system>/<environment>` */
  constructor(consul: ConsulSettings, root: string, service: string) {
    this.#consul = consulClient(consul);
    this.#folders = [`${root}/common/`, `${root}/${service}/`];
    this.#seen = this.#folders.map(() => []);
  }

  /** Why the last read failed; undefined after a success. */
  get error(): string | undefined {
    if (this.#watches.length === 0) return this.#readError;
    return this.#watches.map((each) => this.#errorOf(each)).find((each) => each !== undefined);
  }

  /** A watch reports changes only: its update time shows a later response without a change. */
  #errorOf({ watch, error }: Watched): string | undefined {
    const answeredAt = watch.updateTime();
    if (answeredAt === undefined) return error?.message ?? this.#readError;
    return error && error.at >= answeredAt ? error.message : undefined;
  }

  /** Reads once, within two seconds; a failure is kept in `error`. */
  async read(): Promise<this> {
    try {
      const folders = await Promise.all(
        this.#folders.map((key) =>
          this.#consul.kv.get({ key, recurse: true, timeout: 2_000 } as {
            key: string;
            recurse: true;
          }),
        ),
      );
      for (const [index, items] of folders.entries())
        this.#update(index, (items ?? []) as KvItem[]);
      this.#readError = undefined;
    } catch (error) {
      this.#readError = messageOf(error as Error);
    }
    return this;
  }

  /** Calls `changed` whenever a value may differ; long polls of 10 s, so that a restarted agent is detected. */
  watch(changed: () => void): void {
    this.#watches = this.#folders.map((key, index) => {
      const watch = this.#consul.watch({
        method: this.#consul.kv.get,
        options: { key, recurse: true, wait: '10s' } as never,
        backoffFactor: 500,
        backoffMax: 10_000,
      });
      watch.on('change', (items: KvItem[] | undefined) => {
        const before = JSON.stringify([...this.values]);
        this.#update(index, items ?? []);
        if (JSON.stringify([...this.values]) !== before) changed();
      });
      const watched: Watched = { watch };
      watch.on('error', (error: Error) => {
        watched.error = { message: messageOf(error), at: Date.now() };
      });
      return watched;
    });
  }

  close(): void {
    for (const { watch } of this.#watches) watch.end();
  }

  /** Updates one folder; the other keeps its last known items, or its settings would fall back to the defaults. */
  #update(index: number, items: readonly KvItem[]): void {
    this.#seen[index] = items;
    this.values = new Map(
      this.#seen
        .flat()
        .flatMap(({ Key, Value }) => (Value === null ? [] : [[Key, Value] as const])),
    );
  }
}

interface Watched {
  readonly watch: ReturnType<Consul['watch']>;
  /** The last error, which may be resolved. */
  error?: { readonly message: string; readonly at: number };
}

const messageOf = ({ message }: Error) => message || 'Consul did not respond';
