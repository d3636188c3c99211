// What users may expect, and when an operator has to look. `npm run generate` makes Prometheus rules of it.
import type { Alert, Objective } from '@fieldguide/platform-model/slo';

/** At the gateway: what users see, with every service behind it. */
const requests = {
  app: 'gateway',
  histogram: 'http_server_request_duration_seconds',
  // The client left before the response.
  ignored: { http_response_status_code: '499' },
  failed: { http_response_status_code: '5..' },
} as const;

export const objectives: readonly Objective[] = [
  {
    ...requests,
    name: 'browsing',
    keptBy: 'catalog',
    summary: 'Product pages and stock are served within 250 ms.',
    where: { http_request_method: 'GET', http_route: '/products|/products/:id|/stock/:productId' },
    withinSeconds: 0.25,
    target: 0.995,
  },
  {
    ...requests,
    name: 'placing',
    keptBy: 'ordering',
    summary: 'An order is accepted or refused within 1 s.',
    where: { http_request_method: 'POST', http_route: '/orders' },
    withinSeconds: 1,
    target: 0.995,
  },
  {
    name: 'completing',
    summary: 'An order completes within 10 s, unless it is declined or cancelled.',
    app: 'ordering',
    histogram: 'checkout_duration_seconds',
    // Rejected and cancelled orders end as their customers or the stock decided: not a matter of reliability. One
    // without a reply at its deadline is (docs/teams/post-mortem-2026-11-30-payment-provider-timeouts.md).
    where: { outcome: 'completed|timedOut' },
    failed: { outcome: 'timedOut' },
    withinSeconds: 10,
    target: 0.99,
  },
  {
    ...requests,
    name: 'signIn',
    keptBy: 'identity',
    summary: 'A sign-in is answered within 1 s.',
    where: { http_request_method: 'POST', http_route: '/auth/tokens' },
    withinSeconds: 1,
    target: 0.995,
  },
];

/** Causes and stuck work, beside the burn of the objectives' budgets. */
export const alerts: readonly Alert[] = [
  {
    name: 'ConsumerLag',
    severity: 'ticket',
    // Every worker reports the lag of the whole group.
    expr: 'max by (job, team, messaging_destination_name, messaging_consumer_group_name) (messaging_consumer_lag_messages) > 100',
    forMinutes: 2,
    summary:
      '{{ $labels.messaging_consumer_group_name }} is {{ $value }} messages behind on {{ $labels.messaging_destination_name }}',
  },
  {
    name: 'OutboxAge',
    severity: 'page',
    // The publisher of an event-sourced service reads the log instead of an outbox.
    expr: 'max by (job, team) (outbox_oldest_age_seconds or subscription_oldest_age_seconds) > 30',
    forMinutes: 1,
    summary: '{{ $labels.job }} has not published a message for {{ $value | humanizeDuration }}',
  },
  {
    name: 'DeadLettersWaiting',
    severity: 'ticket',
    expr: 'max by (job, team) (dead_letters_waiting) > 0',
    forMinutes: 1,
    summary: '{{ $labels.job }} has {{ $value }} dead letters',
  },
  {
    name: 'ProjectionLag',
    severity: 'ticket',
    expr: 'max by (job, team, subscription) (subscription_lag_events) > 1000',
    forMinutes: 2,
    summary: '{{ $labels.subscription }} of {{ $labels.job }} is {{ $value }} events behind',
  },
  {
    name: 'BreakerOpen',
    severity: 'ticket',
    // Every few seconds a breaker is half open, until its trial call fails: a sample of now often misses that it was open.
    expr: 'max by (job, team, breaker) (max_over_time(breaker_state[2m])) == 2',
    forMinutes: 1,
    summary: '{{ $labels.job }} does not call {{ $labels.breaker }}: its circuit breaker is open',
  },
  {
    name: 'CheckoutsOverdue',
    severity: 'ticket',
    expr: 'max by (job, team) (checkouts_overdue) > 0',
    forMinutes: 1,
    summary: '{{ $value }} open checkouts are overdue',
  },
];
