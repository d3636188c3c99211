import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { RequestHistogram } from './request-histogram.ts';

const registry = new Registry();

const samples = new Set<() => void>();
const secondsOfWork = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** The Prometheus metrics of this process; names end in their unit, labels are OpenTelemetry's attributes. */
export const metrics = {
  registry,
  /** Adds memory, CPU and event-loop figures of the process; called once, at boot. */
  collectProcess: () =>
    // The default samples the event loop every 10 ms, which costs more than everything else an idle service does.
    collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 1_000 }),
  /** Calls `sample` before each read, to set gauges of a state. @returns a function that ends it */
  sampledBy: (sample: () => void) => {
    samples.add(sample);
    return () => samples.delete(sample);
  },
  /** Returns all metrics in the Prometheus format. */
  read: (): Promise<string> => {
    for (const sample of samples) sample();
    return registry.metrics();
  },
  /** Creates a gauge of one service. */
  gauge: (name: string, help: string, labelNames: readonly string[] = []) =>
    new Gauge({ name, help, labelNames: [...labelNames], registers: [registry] }),
  /** Creates a counter of one service. */
  counter: (name: string, help: string, labelNames: readonly string[] = []) =>
    new Counter({ name, help, labelNames: [...labelNames], registers: [registry] }),
  /** Creates a histogram of one service. */
  histogram: (
    name: string,
    help: string,
    labelNames: readonly string[],
    buckets: readonly number[],
  ) =>
    new Histogram({
      name,
      help,
      labelNames: [...labelNames],
      buckets: [...buckets],
      registers: [registry],
    }),
  buildInfo: new Gauge({
    name: 'build_info',
    help: 'Always 1; the labels name the build that runs',
    labelNames: ['service', 'version', 'revision'],
    registers: [registry],
  }),
  httpServerSeconds: new RequestHistogram({
    name: 'http_server_request_duration_seconds',
    help: 'Time to respond to a request; the status is 499 when the client left before',
    labelNames: ['http_request_method', 'http_route', 'http_response_status_code'],
    buckets: secondsOfWork,
    registers: [registry],
  }),
  httpClientSeconds: new RequestHistogram({
    name: 'http_client_request_duration_seconds',
    help: 'Duration of calls to other services, with their retries',
    labelNames: [
      'http_request_method',
      'url_template',
      'server_service_name',
      'http_response_status_code',
      'error_type',
    ],
    buckets: secondsOfWork,
    registers: [registry],
  }),
  messagesHandledSeconds: new Histogram({
    name: 'messaging_process_duration_seconds',
    help: 'Time to handle a message, by outcome: handled, duplicate, expired (not wanted any more), skipped (a broadcast), parked, failed (retried)',
    labelNames: [
      'messaging_destination_name',
      'cloudevents_event_type',
      'messaging_consumer_group_name',
      'outcome',
    ],
    buckets: secondsOfWork,
    registers: [registry],
  }),
  messagesSent: new Counter({
    name: 'messaging_client_sent_messages_total',
    help: 'Messages handed to the transport and acknowledged by it',
    labelNames: ['messaging_destination_name', 'cloudevents_event_type'],
    registers: [registry],
  }),
  messagingSeconds: new Histogram({
    name: 'messaging_client_operation_duration_seconds',
    help: 'Time until the transport has acknowledged a batch of messages',
    labelNames: ['messaging_operation_name', 'error_type'],
    buckets: secondsOfWork,
    registers: [registry],
  }),
  consumerLag: new Gauge({
    name: 'messaging_consumer_lag_messages',
    help: 'Messages that the whole consumer group has not handled yet',
    labelNames: ['messaging_destination_name', 'messaging_consumer_group_name'],
    registers: [registry],
  }),
  databaseConnections: new Gauge({
    name: 'db_client_connections',
    help: 'Connections of the database pool, by state: used, idle',
    labelNames: ['db_client_connection_state'],
    registers: [registry],
  }),
  databaseConnectionLimit: new Gauge({
    name: 'db_client_connection_limit',
    help: 'Maximum number of connections of the database pool',
    registers: [registry],
  }),
  databaseRequestsPending: new Gauge({
    name: 'db_client_connection_pending_requests',
    help: 'Requests that wait for a connection of the database pool',
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
  instanceEjections: new Counter({
    name: 'instance_ejections_total',
    help: 'Instances of other services that got no more requests, because they failed more than the others',
    labelNames: ['server_service_name'],
    registers: [registry],
  }),
  ejectedInstances: new Gauge({
    name: 'ejected_instances',
    help: 'Instances of other services that get no requests now but a trial request',
    labelNames: ['server_service_name'],
    registers: [registry],
  }),
  concurrencyLimit: new Gauge({
    name: 'concurrency_limit_requests',
    help: 'Concurrent requests to a service that are allowed now',
    labelNames: ['server_service_name'],
    registers: [registry],
  }),
  requestsShed: new Counter({
    name: 'requests_shed_total',
    help: 'Requests rejected because the concurrency limit of their service was reached',
    labelNames: ['server_service_name'],
    registers: [registry],
  }),
  breakerState: new Gauge({
    name: 'breaker_state',
    help: '0 closed, 1 half open, 2 open',
    labelNames: ['breaker'],
    registers: [registry],
  }),
};
