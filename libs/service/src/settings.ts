import { live, secret } from '@fieldguide/config';
import { z } from 'zod';

/** Configuration of every service. The platform that runs it sets addresses and identity. */
export const serviceSettings = {
  /** Name of the whole system: part of KV paths and the issuer of tokens. */
  SYSTEM_NAME: z.string().min(1),
  /** `local`, `e2e`, `staging` …: part of topics, registry names and KV paths. */
  ENVIRONMENT: z.string().regex(/^[a-z][a-z0-9-]{0,20}$/),
  /** Unique among the running instances of all services, for example `ordering-1`. */
  INSTANCE: z.string().min(1),
  /** Address that the service listens on. */
  HOST: z.string().default('127.0.0.1'),
  /** Address that the registry shows, when it differs from HOST. */
  ADVERTISED_HOST: z.string().optional(),
  /** Port of HTTP and health checks; 0 selects a free one. */
  PORT: z.coerce.number().int().min(0).max(65_535),
  /** Second port, shared by all instances of the app on this machine. */
  PUBLIC_PORT: z.coerce.number().int().min(1).max(65_535).optional(),
  /** Consul: registry and live settings. */
  CONSUL_HTTP_ADDR: z.url({ protocol: /^https?$/ }),
  /** How long a request with its body may take to arrive. */
  REQUEST_TIME_LIMIT_MS: z.coerce.number().int().min(100).default(10_000),
  /** `web` serves requests, `worker` handles messages and background work; they can be scaled apart. */
  PROCESSES: z
    .string()
    .default('web,worker')
    .transform((list) => new Set(list.split(',').map((each) => each.trim())))
    .refine(
      (set) => [...set].every((each) => each === 'web' || each === 'worker'),
      'web, worker, or web,worker',
    ),
  /** Lowest level that is logged. */
  LOG_LEVEL: live(z.enum(['trace', 'debug', 'info', 'warn', 'error']).default('info')),
  /** Destination of traces; without it none are exported. */
  OTEL_EXPORTER_OTLP_ENDPOINT: z.url().optional(),
  /** Client secret for calls to other services as a service. */
  CLIENT_SECRET: secret(z.string().min(16)).optional(),
};

/** For a service with a database of its own. */
export const databaseSettings = {
  /** PostgreSQL with the app's role. */
  DATABASE_URL: secret(z.url({ protocol: /^postgres$/ })),
};

/** For a service that publishes or handles messages. */
export const messagingSettings = {
  /** Kafka brokers. */
  MESSAGING_URL: z.string().regex(/^kafka:\/\/[^/]+$/, 'kafka://host:port[,host:port]'),
};

export interface ServiceSettings {
  SYSTEM_NAME: string;
  ENVIRONMENT: string;
  INSTANCE: string;
  HOST: string;
  ADVERTISED_HOST?: string | undefined;
  PORT: number;
  PUBLIC_PORT?: number | undefined;
  CONSUL_HTTP_ADDR: string;
  REQUEST_TIME_LIMIT_MS: number;
  PROCESSES: ReadonlySet<string>;
  LOG_LEVEL: string;
  OTEL_EXPORTER_OTLP_ENDPOINT?: string | undefined;
  CLIENT_SECRET?: string | undefined;
  DATABASE_URL?: string;
  MESSAGING_URL?: string;
}
