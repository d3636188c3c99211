import { z } from 'zod';
import { Config, live, secret } from './config.ts';

/** Configuration of every process. The platform that runs it sets addresses and identity. */
export class ProcessConfig extends Config(
  z.object({
    /** Name of the whole system: part of KV paths and the issuer of tokens. */
    SYSTEM_NAME: z.string().min(1),
    /** `local`, `e2e`, `staging` …: part of topics, registry names and KV paths. */
    ENVIRONMENT: z.string().regex(/^[a-z][a-z0-9-]{0,20}$/),
    /** Unique among the running instances of all services, for example `ordering-1`. */
    INSTANCE: z.string().min(1),
    /** Consul: registry and live settings. */
    CONSUL_HTTP_ADDR: z.url({ protocol: /^https?$/ }),
    /** Token of Consul: it registers this service, and reads the registry and the settings of this service. */
    CONSUL_HTTP_TOKEN: secret(z.string().min(1)).optional(),
    /** File with the authority of Consul's certificate, unless it is a public one. */
    CONSUL_CACERT: z.string().optional(),
    /** `web` serves requests, `worker` handles messages and background work; they can be scaled apart. */
    PROCESSES: z
      .string()
      .default('web,worker')
      .transform((list) => new Set(list.split(',').map((each) => each.trim())))
      .refine(
        (set) => [...set].every((each) => each === 'web' || each === 'worker'),
        'web, worker, or web,worker',
      ),
    /** Lowest level that is logged; `debug` has a line for each request. */
    LOG_LEVEL: live(z.enum(['trace', 'debug', 'info', 'warn', 'error']).default('info')),
  }),
) {}
