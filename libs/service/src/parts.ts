import type { RevokedSessions } from '@fieldguide/auth';
import type { Clock, Ids } from '@fieldguide/clock';
import type { LoadedConfig } from '@fieldguide/config';
import type { Database, Leases, Notifier, UnitOfWorkRunner } from '@fieldguide/database';
import type { ServiceRegistry } from '@fieldguide/discovery';
import type { MessageConsumer, Messaging } from '@fieldguide/messaging';
import type { Health, Log } from '@fieldguide/telemetry';
import type { ServiceClient } from './service-client.ts';

/** Infrastructure of a service, created once at boot and injected into handlers. */
export interface PartsOf<Settings> {
  readonly name: string;
  readonly build: BuildInfo;
  readonly config: LoadedConfig<Settings>;
  readonly log: Log;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly health: Health;
  readonly registry: ServiceRegistry;
  readonly serviceClient: ServiceClient;
  readonly revokedSessions: RevokedSessions;
  readonly database?: Database;
  readonly units?: UnitOfWorkRunner;
  readonly leases?: Leases;
  readonly notifier?: Notifier;
  readonly messaging?: Messaging;
}
export type Parts = PartsOf<object>;

/** The running build: read from the artifact, returned by `/info`. */
export interface BuildInfo {
  readonly version: string;
  readonly commit: string;
  readonly digest: string;
  readonly startedAt: string;
  readonly instance: string;
}

export const PARTS = Symbol('service:parts');

/** The message consumer of a running service, which redrives its dead letters. */
export const consumers = new WeakMap<object, MessageConsumer>();
