// Generates Grafana's dashboards: the objectives of the map, and what every service measures.
import type { System } from '@fieldguide/platform-model';
import { type Objective, WINDOW_DAYS } from '@fieldguide/platform-model/slo';

interface Panel {
  readonly title: string;
  readonly type: 'timeseries' | 'stat';
  /** Legend → PromQL. */
  readonly queries: Readonly<Record<string, string>>;
  /** Grafana's name of a unit: `s`, `percentunit`, `bytes`, `reqps`, `short`. */
  readonly unit: string;
}

const PANELS_PER_ROW = 3;
const [WIDTH, HEIGHT] = [24 / PANELS_PER_ROW, 8];

const graph = (title: string, unit: string, queries: Panel['queries']): Panel => ({
  title,
  type: 'timeseries',
  unit,
  queries,
});

/** The ratio of good events, what is left of the budget, and how fast it burns. */
export function objectivesDashboard({ objectives = [] }: System): string {
  return dashboard('objectives', 'Objectives', objectives.flatMap(panelsOf));
}

function panelsOf({ name, target }: Objective): Panel[] {
  const of = (what: string, window: string) => `slo:${what}:rate${window}{objective="${name}"}`;
  const ratio = (window: string) => `${of('errors', window)} / ${of('events', window)}`;
  const whole = (what: string) => `sum_over_time(${of(what, '5m')}[${WINDOW_DAYS}d])`;
  const errors = `${whole('errors')} / ${whole('events')}`;
  const budget = Number((1 - target).toFixed(6));
  const left = `1 - (${errors}) / ${budget}`;
  return [
    {
      title: `${name}: good events in ${WINDOW_DAYS} days, target ${target * 100} %`,
      type: 'stat',
      unit: 'percentunit',
      queries: { good: `1 - ${errors}` },
    },
    {
      title: `${name}: error budget left`,
      type: 'stat',
      unit: 'percentunit',
      queries: { left },
    },
    graph(`${name}: burn rate`, 'short', {
      '5m': `(${ratio('5m')}) / ${budget}`,
      '1h': `(${ratio('1h')}) / ${budget}`,
      '6h': `(${ratio('6h')}) / ${budget}`,
    }),
  ];
}

const server = 'http_server_request_duration_seconds';
const servicePanels: readonly Panel[] = [
  graph('Requests', 'reqps', { '{{job}}': `sum by (job) (rate(${server}_count[1m]))` }),
  graph('Requests that failed (5xx)', 'reqps', {
    '{{job}} {{http_route}}': `sum by (job, http_route) (rate(${server}_count{http_response_status_code=~"5.."}[1m]))`,
  }),
  graph('Response time, 95th percentile', 's', {
    '{{job}}': `histogram_quantile(0.95, sum by (job, le) (rate(${server}_bucket[1m])))`,
  }),
  graph('Messages handled', 'short', {
    '{{job}} {{outcome}}':
      'sum by (job, outcome) (rate(messaging_process_duration_seconds_count[1m]))',
  }),
  graph('Consumer lag, messages', 'short', {
    '{{messaging_consumer_group_name}} {{messaging_destination_name}}':
      'max by (messaging_consumer_group_name, messaging_destination_name) (messaging_consumer_lag_messages)',
  }),
  graph('Age of the oldest unpublished message', 's', {
    '{{job}}': 'max by (job) (outbox_oldest_age_seconds or subscription_oldest_age_seconds)',
  }),
  graph('Projections, events behind', 'short', {
    '{{job}} {{subscription}}': 'max by (job, subscription) (subscription_lag_events)',
  }),
  graph('Dead letters', 'short', { '{{job}}': 'max by (job) (dead_letters_waiting)' }),
  graph('Open checkouts', 'short', {
    '{{step}}': 'max by (step) (checkouts_open)',
    overdue: 'max(checkouts_overdue)',
  }),
  graph('CPU', 'percentunit', { '{{instance}}': 'rate(process_cpu_seconds_total[1m])' }),
  graph('Memory', 'bytes', { '{{instance}}': 'process_resident_memory_bytes' }),
  graph('Event loop lag, 99th percentile', 's', {
    '{{instance}}': 'nodejs_eventloop_lag_p99_seconds',
  }),
];

export function servicesDashboard(): string {
  return dashboard('services', 'Services', servicePanels);
}

function dashboard(uid: string, title: string, panels: readonly Panel[]): string {
  const content = {
    uid,
    title,
    schemaVersion: 39,
    timezone: 'browser',
    refresh: '15s',
    time: { from: 'now-1h', to: 'now' },
    panels: panels.map(({ title: text, type, unit, queries }, at) => ({
      id: at + 1,
      title: text,
      type,
      datasource: { type: 'prometheus', uid: 'prometheus' },
      gridPos: {
        x: (at % PANELS_PER_ROW) * WIDTH,
        y: Math.floor(at / PANELS_PER_ROW) * HEIGHT,
        w: WIDTH,
        h: HEIGHT,
      },
      fieldConfig: { defaults: { unit, min: type === 'timeseries' ? 0 : null }, overrides: [] },
      targets: Object.entries(queries).map(([legendFormat, expr], index) => ({
        refId: String.fromCharCode(65 + index),
        legendFormat,
        expr,
      })),
    })),
  };
  return `${JSON.stringify(content, null, 2)}\n`;
}
