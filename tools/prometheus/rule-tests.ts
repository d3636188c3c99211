// What promtool checks: each alert fires under its fault, and no other does.
import { system } from '@fieldguide/system';
import { stringify } from 'yaml';

/** A fault, as series in promtool's notation: `1+2x3` is 1, 3, 5, 7, one value a minute. */
interface Fault {
  readonly what: string;
  readonly series: Readonly<Record<string, string>>;
  /** When the alerts are compared. */
  readonly at: string;
  /** Alert and severity. */
  readonly fires: readonly string[];
}

const HOURS = 7 * 60;
const requests = (status: string, what: string) =>
  `http_server_request_duration_seconds_${what.replace('{', `{job="gateway",http_response_status_code="${status}",`)}`;
const browsing = 'http_request_method="GET",http_route="/products/:id"}';
const placing = 'http_request_method="POST",http_route="/orders"}';
const signIn = 'http_request_method="POST",http_route="/auth/tokens"}';
const completed = '{job="ordering",outcome="completed"';

export const faults: readonly Fault[] = [
  {
    what: 'all is well, and clients leave early',
    series: {
      [requests('200', `count{${browsing}`)]: `0+60x${HOURS}`,
      [requests('200', `bucket{le="0.25",${browsing}`)]: `0+60x${HOURS}`,
      [requests('499', `count{${browsing}`)]: `0+60x${HOURS}`,
      [requests('201', `count{${placing}`)]: `0+10x${HOURS}`,
      [requests('201', `bucket{le="1",${placing}`)]: `0+10x${HOURS}`,
      'dead_letters_waiting{job="payments"}': `0x${HOURS}`,
      'outbox_oldest_age_seconds{job="payments"}': `2x${HOURS}`,
      'subscription_lag_events{job="ordering",subscription="sales"}': `40x${HOURS}`,
      'breaker_state{job="ordering",breaker="catalog"}': `1x${HOURS}`,
    },
    at: '6h',
    fires: [],
  },
  {
    what: 'a fifth of product pages is slow for an hour',
    series: {
      [requests('200', `count{${browsing}`)]: '0+100x60',
      [requests('200', `bucket{le="0.25",${browsing}`)]: '0+80x60',
    },
    at: '1h',
    fires: ['BrowsingBudgetBurn page', 'BrowsingBudgetBurn ticket'],
  },
  {
    what: 'all product pages fail',
    series: { [requests('503', `count{${browsing}`)]: '0+100x60' },
    at: '1h',
    fires: ['BrowsingBudgetBurn page', 'BrowsingBudgetBurn ticket'],
  },
  {
    what: 'product pages were slow, and are not any more',
    series: {
      [requests('200', `count{${browsing}`)]: '0+100x150',
      [requests('200', `bucket{le="0.25",${browsing}`)]: '0+50x15 850+100x135',
    },
    at: '2h',
    fires: ['BrowsingBudgetBurn ticket'],
  },
  {
    what: 'one of three orders failed: too few to count',
    series: {
      [requests('503', `count{${placing}`)]: '0 1x60',
      [requests('201', `count{${placing}`)]: '0 2x60',
      [requests('201', `bucket{le="1",${placing}`)]: '0 2x60',
    },
    at: '4m',
    fires: [],
  },
  {
    what: 'placing fails',
    series: { [requests('503', `count{${placing}`)]: '0+10x60' },
    at: '1h',
    fires: ['PlacingBudgetBurn page', 'PlacingBudgetBurn ticket'],
  },
  {
    what: 'orders complete late, and rejected ones do not count',
    series: {
      [`checkout_duration_seconds_count${completed}}`]: '0+10x60',
      [`checkout_duration_seconds_bucket${completed},le="10"}`]: '0+2x60',
      'checkout_duration_seconds_count{job="ordering",outcome="rejected"}': '0+90x60',
    },
    at: '1h',
    fires: ['CompletingBudgetBurn page', 'CompletingBudgetBurn ticket'],
  },
  {
    what: 'no order completes, because one step has no reply at its deadline',
    series: { 'checkout_duration_seconds_count{job="ordering",outcome="timedOut"}': '0+10x60' },
    at: '1h',
    fires: ['CompletingBudgetBurn page', 'CompletingBudgetBurn ticket'],
  },
  {
    what: 'signing in fails',
    series: { [requests('500', `count{${signIn}`)]: '0+10x60' },
    at: '1h',
    fires: ['SignInBudgetBurn page', 'SignInBudgetBurn ticket'],
  },
  {
    what: 'an instance does not answer',
    series: { 'up{job="catalog",instance="catalog-2"}': '1x5 0x10' },
    at: '10m',
    fires: ['InstanceDown page'],
  },
  {
    what: 'an app has no instance',
    series: { 'up{job="catalog",instance="catalog-1"}': '1x5 stale' },
    at: '10m',
    fires: ['InstanceDown page'],
  },
  {
    what: 'a consumer handles nothing',
    series: {
      'messaging_consumer_lag_messages{job="payments",messaging_destination_name="t",messaging_consumer_group_name="payments",instance="1"}':
        '0+200x20',
    },
    at: '10m',
    fires: ['ConsumerLag ticket'],
  },
  {
    what: 'a relay is stopped',
    series: { 'outbox_oldest_age_seconds{job="payments",instance="1"}': '0+60x20' },
    at: '10m',
    fires: ['OutboxAge page'],
  },
  {
    what: 'the publisher of the log is stopped',
    series: {
      'subscription_oldest_age_seconds{job="ordering",subscription="publish-orders"}': '0+60x20',
    },
    at: '10m',
    fires: ['OutboxAge page'],
  },
  {
    what: 'a message is parked',
    series: { 'dead_letters_waiting{job="payments",instance="1"}': '0x5 1x10' },
    at: '10m',
    fires: ['DeadLettersWaiting ticket'],
  },
  {
    what: 'a projection is paused',
    series: { 'subscription_lag_events{job="ordering",subscription="sales"}': '0+600x20' },
    at: '10m',
    fires: ['ProjectionLag ticket'],
  },
  {
    what: 'a breaker opens',
    series: { 'breaker_state{job="ordering",breaker="catalog"}': '0x5 2x10' },
    at: '10m',
    fires: ['BreakerOpen ticket'],
  },
  {
    what: 'a breaker opens again after each trial call',
    series: { 'breaker_state{job="ordering",breaker="catalog"}': '0x5 2 1 2 1 2 1 2 1' },
    at: '10m',
    fires: ['BreakerOpen ticket'],
  },
  {
    what: 'a breaker was open, and no call has tried it since',
    series: { 'breaker_state{job="ordering",breaker="catalog"}': '0x5 2x3 1x10' },
    at: '15m',
    fires: [],
  },
  {
    what: 'an order is stuck',
    series: { 'checkouts_overdue{job="ordering",instance="1"}': '0x5 1x10' },
    at: '10m',
    fires: ['CheckoutsOverdue ticket'],
  },
];

/** Returns the input of `promtool test rules`, for the rules of the same folder. */
export function ruleTestsYaml(): string {
  const tests = faults.map(({ what, series, at, fires }) => ({
    name: what,
    interval: '1m',
    input_series: Object.entries({ ...allUp(series), ...series }).map(([each, values]) => ({
      series: each,
      values,
    })),
    promql_expr_test: [
      {
        expr: 'count by (alertname, severity) (ALERTS{alertstate="firing"}) > bool 0',
        eval_time: at,
        exp_samples: fires.map((each) => {
          const [alertname, severity] = each.split(' ');
          return { labels: `{alertname="${alertname}", severity="${severity}"}`, value: 1 };
        }),
      },
    ],
  }));
  return stringify({ rule_files: ['rules.yml'], evaluation_interval: '1m', tests });
}

/** One healthy instance of each app that the fault leaves alone. */
function allUp(series: Fault['series']): Record<string, string> {
  const given = Object.keys(series).filter((each) => each.startsWith('up{'));
  const others = Object.entries(system.apps).filter(
    ([app]) => !given.some((each) => each.includes(`"${app}-1"`)),
  );
  return Object.fromEntries(
    others.map(([app, { team }]) => [
      `up{job="${app}",team="${team}",instance="${app}-1"}`,
      `1x${HOURS}`,
    ]),
  );
}
