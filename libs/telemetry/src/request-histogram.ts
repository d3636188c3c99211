import type { Metric, Registry } from 'prom-client';

type LabelValue = string | number | undefined;

type Labels = Readonly<Record<string, string | number>>;

interface Series {
  readonly labels: Labels;
  /** By bucket, not cumulative; the last one has no bound. */
  readonly counts: number[];
  sum: number;
}

export interface RequestHistogramSettings {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
  /** Upper bounds in seconds, ascending. */
  readonly buckets: readonly number[];
  readonly registers: readonly Registry[];
}

/**
 * A Prometheus histogram for what happens with every request. The one of prom-client validates and sorts all labels for
 * each value, which costs more than the rest of a request's metrics.
 */
export class RequestHistogram {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
  readonly upperBounds: readonly number[];
  readonly #series = new Map<string, Series>();

  constructor({ name, help, labelNames, buckets, registers }: RequestHistogramSettings) {
    this.name = name;
    this.help = help;
    this.labelNames = labelNames;
    this.upperBounds = buckets;
    for (const registry of registers) registry.registerMetric(this as unknown as Metric);
  }

  /** @param values of the labels, in the order of their names; undefined omits a label */
  observe(seconds: number, values: readonly LabelValue[]): void {
    let key = '';
    for (const value of values) key += `${value}\n`;
    const series = this.#series.get(key) ?? this.#newSeries(key, values);
    series.sum += seconds;
    let at = 0;
    while (at < this.upperBounds.length && seconds > this.upperBounds[at]!) at += 1;
    series.counts[at]! += 1;
  }

  /** Forgets all values, for prom-client's registry. */
  reset(): void {
    this.#series.clear();
  }

  /** All values, as prom-client's registry reads them. */
  async get() {
    const { name, help } = this;
    const values = [...this.#series.values()].flatMap((each) => this.#valuesOf(each));
    return { name, help, type: 'histogram', aggregator: 'sum', values } as const;
  }

  #valuesOf({ labels, counts, sum }: Series) {
    const { name } = this;
    let count = 0;
    const buckets = counts.map((inBucket, at) => {
      count += inBucket;
      const le = this.upperBounds[at] ?? '+Inf';
      const all: Labels = { le, ...labels };
      return { labels: all, value: count, metricName: `${name}_bucket` };
    });
    return [
      ...buckets,
      { labels, value: sum, metricName: `${name}_sum` },
      { labels, value: count, metricName: `${name}_count` },
    ];
  }

  #newSeries(key: string, values: readonly LabelValue[]): Series {
    const labels: Record<string, string | number> = {};
    for (const [at, value] of values.entries())
      if (value !== undefined) labels[this.labelNames[at]!] = value;
    const counts = Array.from({ length: this.upperBounds.length + 1 }, () => 0);
    const series = { labels, counts, sum: 0 };
    this.#series.set(key, series);
    return series;
  }
}
