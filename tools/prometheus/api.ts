import { setTimeout as sleep } from 'node:timers/promises';

const READY_WITHIN_MS = 60_000;

interface Rule {
  readonly name: string;
  readonly type: 'alerting' | 'recording';
  readonly query: string;
  readonly health: 'ok' | 'err' | 'unknown';
  readonly lastError?: string;
  readonly alerts?: readonly {
    readonly state: string;
    readonly labels: { readonly severity: string };
  }[];
}

/** A running Prometheus. */
export class Api {
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  /** Returns the number of series that an expression has now. */
  async query(expression: string): Promise<number> {
    const path = `/api/v1/query?query=${encodeURIComponent(expression)}`;
    return (await this.#get<{ result: unknown[] }>(path)).result.length;
  }

  /** Returns the alerts that fire, each with its severity. */
  async firing(): Promise<string[]> {
    const firing = (await this.#rules()).flatMap(({ name, alerts = [] }) =>
      alerts
        .filter(({ state }) => state === 'firing')
        .map(({ labels }) => `${name} ${labels.severity}`),
    );
    return [...new Set(firing)].toSorted();
  }

  async failedRules(): Promise<string[]> {
    const failed = (await this.#rules()).filter(({ health }) => health === 'err');
    return failed.map(({ name, lastError = '' }) => `${name}: ${lastError}`);
  }

  /** Returns the metrics that services measure and rules read. */
  async metricsOfRules(): Promise<string[]> {
    const names = (await this.#rules()).flatMap(
      ({ query }) => query.match(/\b[a-z]+(?:_[a-z]+)+(?=[{)\s])/g) ?? [],
    );
    return [...new Set(names)].filter(
      (name) => !/^messaging_(?:destination|consumer_group)/.test(name),
    );
  }

  async #rules(): Promise<readonly Rule[]> {
    const { groups } = await this.#get<{ groups: { rules: Rule[] }[] }>('/api/v1/rules');
    return groups.flatMap(({ rules }) => rules);
  }

  async #get<T>(path: string): Promise<T> {
    const response = await fetch(this.#url + path, { signal: AbortSignal.timeout(10_000) });
    const { data, error } = (await response.json()) as { data?: T; error?: string };
    if (data === undefined) throw new Error(error ?? `GET ${path} returned ${response.status}`);
    return data;
  }
}

/** Waits until Prometheus serves requests. */
export async function readyApi(url: string): Promise<Api> {
  const isReady = () =>
    fetch(`${url}/-/ready`, { signal: AbortSignal.timeout(2_000) }).then(
      ({ ok }) => ok,
      () => false,
    );
  const end = performance.now() + READY_WITHIN_MS;
  while (!(await isReady())) {
    if (performance.now() > end) throw new Error('Prometheus did not become ready');
    await sleep(200);
  }
  return new Api(url);
}
