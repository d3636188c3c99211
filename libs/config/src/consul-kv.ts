import Consul from 'consul';

/** Values outside the environment, by full path; the later one in the map wins. */
export interface KvSource {
  readonly values: ReadonlyMap<string, string>;
}

interface KvItem {
  Key: string;
  Value: string | null;
}

/**
 * Reads `fieldguide/<environment>/common/*` and then `fieldguide/<environment>/<service>/*` from Consul, and
 * tells when something changed. Consul being away is not fatal: the values stay as they were last seen.
 */
export class ConsulKv implements KvSource {
  values: ReadonlyMap<string, string> = new Map();
  /** Why the last read failed; undefined when it went well. */
  fault: string | undefined;
  readonly #consul: Consul;
  readonly #folders: readonly string[];
  #watches: { end(): void }[] = [];

  constructor(address: string, environment: string, service: string) {
    const { hostname, port } = new URL(address);
    this.#consul = new Consul({ host: hostname, port: Number(port) });
    this.#folders = [`fieldguide/${environment}/common/`, `fieldguide/${environment}/${service}/`];
  }

  /** Reads once, within two seconds; a failure is kept in `fault`. */
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
      this.#take(folders.map((items) => (items ?? []) as KvItem[]));
      this.fault = undefined;
    } catch (error) {
      this.fault = (error as Error).message || 'Consul did not answer';
    }
    return this;
  }

  /** Calls `changed` whenever a value may differ; long polls of 10 s, so that a restarted agent is noticed. */
  watch(changed: () => void): void {
    const seen: KvItem[][] = this.#folders.map(() => []);
    this.#watches = this.#folders.map((key, index) => {
      const watch = this.#consul.watch({
        method: this.#consul.kv.get,
        options: { key, recurse: true, wait: '10s' } as never,
        backoffFactor: 500,
        backoffMax: 10_000,
      });
      watch.on('change', (items: KvItem[] | undefined) => {
        seen[index] = items ?? [];
        const before = JSON.stringify([...this.values]);
        this.fault = undefined;
        this.#take(seen);
        if (JSON.stringify([...this.values]) !== before) changed();
      });
      watch.on('error', (error: Error) => {
        this.fault = error.message || 'Consul did not answer';
      });
      return watch;
    });
  }

  close(): void {
    for (const watch of this.#watches) watch.end();
  }

  #take(folders: readonly (readonly KvItem[])[]): void {
    this.values = new Map(
      folders.flat().flatMap(({ Key, Value }) => (Value === null ? [] : [[Key, Value] as const])),
    );
  }
}
