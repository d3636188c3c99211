import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

const registry = new Registry();

/** The Prometheus metrics of this process; names end in their unit. */
export const metrics = {
  registry,
  /** Adds memory, CPU and event-loop figures of the process; called once, at boot. */
  collectProcess: () =>
    // The default samples the event loop every 10 ms, which costs more than everything else an idle service does.
    collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 1_000 }),
  /** Creates a gauge of one service. */
  gauge: (name: string, help: string) => new Gauge({ name, help, registers: [registry] }),
  httpServerSeconds: new Histogram({
    name: 'http_server_seconds',
    help: 'Time to respond to a request',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.005, 0.02, 0.05, 0.1, 0.25, 1, 5],
    registers: [registry],
  }),
  httpClientCalls: new Counter({
    name: 'http_client_calls_total',
    help: 'Calls to other services',
    labelNames: ['peer', 'route', 'outcome'],
    registers: [registry],
  }),
  messagesHandled: new Counter({
    name: 'messages_handled_total',
    help: 'Messages by outcome: handled, duplicate, skipped (a broadcast), parked',
    labelNames: ['topic', 'type', 'consumer', 'outcome'],
    registers: [registry],
  }),
  messagesPublished: new Counter({
    name: 'messages_published_total',
    help: 'Messages handed to the transport and acknowledged by it',
    labelNames: ['topic', 'type'],
    registers: [registry],
  }),
  appendsBlocked: new Counter({
    name: 'appends_held_up_total',
    help: 'Appends that have waited longer than a second for another transaction',
    registers: [registry],
  }),
  subscriptionLagEvents: new Gauge({
    name: 'subscription_lag_events',
    help: 'Events behind the end of the log, by projection or publisher',
    labelNames: ['subscription'],
    registers: [registry],
  }),
  subscriptionOldestAgeSeconds: new Gauge({
    name: 'subscription_oldest_age_seconds',
    help: 'Age of the oldest event that a publisher has not published yet',
    labelNames: ['subscription'],
    registers: [registry],
  }),
  outboxMessages: new Gauge({
    name: 'outbox_messages',
    help: 'Messages in the outbox that wait to be published',
    registers: [registry],
  }),
  outboxOldestAgeSeconds: new Gauge({
    name: 'outbox_oldest_age_seconds',
    help: 'Age of the oldest message in the outbox; 0 when it is empty',
    registers: [registry],
  }),
  deadLettersWaiting: new Gauge({
    name: 'dead_letters_waiting',
    help: 'Dead letters that wait to be redriven',
    registers: [registry],
  }),
  breakerState: new Gauge({
    name: 'breaker_state',
    help: '0 closed, 1 half open, 2 open',
    labelNames: ['breaker'],
    registers: [registry],
  }),
};
