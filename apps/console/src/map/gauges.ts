/** A gauge of an app's metrics, in words. */
export interface Gauge {
  readonly label: string;
  readonly text: string;
  readonly isBad: boolean;
}

interface Known {
  readonly label: string;
  readonly text: (value: number) => string;
  readonly isBad: (value: number) => boolean;
}

const breakerStates = ['closed', 'half open', 'open'];
const count = (noun: string) => (value: number) => `${value} ${noun}${value === 1 ? '' : 's'}`;

const known: Readonly<Record<string, Known>> = {
  messaging_consumer_lag_messages: {
    label: 'consumer lag',
    text: count('message'),
    isBad: (value) => value > 100,
  },
  outbox_oldest_age_seconds: {
    label: 'outbox age',
    text: (value) => `${value.toFixed(1)} s`,
    isBad: (value) => value > 5,
  },
  breaker_state: {
    label: 'breaker',
    text: (value) => breakerStates[value] ?? String(value),
    isBad: (value) => value > 0,
  },
  dead_letters_waiting: {
    label: 'dead letters',
    text: count('letter'),
    isBad: (value) => value > 0,
  },
  subscription_lag_events: {
    label: 'projection lag',
    text: count('event'),
    isBad: (value) => value > 100,
  },
};

/** Reads the gauges that the map shows from metrics in Prometheus' text format. */
export function gaugesOf(metrics: string): Gauge[] {
  return metrics.split('\n').flatMap((line) => {
    const [, name = '', labels = '', value = ''] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
    const gauge = Object.hasOwn(known, name) ? known[name] : undefined;
    const number = Number(value);
    if (!gauge || !Number.isFinite(number)) return [];
    const of = [...labels.matchAll(/="([^"]*)"/g)].map(([, label]) => label).join(', ');
    const label = of ? `${gauge.label} of ${of}` : gauge.label;
    return [{ label, text: gauge.text(number), isBad: gauge.isBad(number) }];
  });
}
