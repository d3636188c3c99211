import type { KeySource } from '@fieldguide/auth';
import type { ConfigClass } from '@fieldguide/config';
import type { BackgroundLoop, Retention, UnitOfWork } from '@fieldguide/database';
import type { Rebuildable, Upcasters } from '@fieldguide/event-store';
import type { CurrentState } from '@fieldguide/messaging';
import type { Type } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { MigrationInterface } from 'typeorm';
import type { PartsOf } from './parts.ts';
import type { ServiceSettings } from './settings.ts';

/** A service as its `main.ts` tells it. */
export interface ServiceDefinition<Settings extends ServiceSettings> {
  readonly name: string;
  readonly config: ConfigClass<Settings>;
  readonly module: Type;
  /** Its callers are outside: their trace headers are not adopted. */
  readonly isEdge?: boolean;
  readonly database?: {
    readonly entities: readonly (new () => object)[];
    readonly migrations: readonly (new () => MigrationInterface)[];
    /** Also an event log with its feed. */
    readonly eventSourced?: boolean;
    /** How events were stored before. */
    readonly upcasters?: Upcasters;
    /** Views that `rebuild <name>` makes anew from the log. */
    readonly projections?: readonly Rebuildable[];
    /** How to publish the current state of a key of a compacted topic again. */
    readonly currentState?: CurrentState;
    /** What is deleted after a while, beside what every service deletes. */
    readonly retention?: (settings: Settings) => readonly Retention[];
    /** What `seed` puts in, in one unit of work; running it again changes nothing. */
    readonly seed?: (uow: UnitOfWork, settings: Settings) => Promise<void>;
  };
  /** Loops that every process needs, because they keep what it holds in memory. */
  readonly everywhere?: (
    parts: Required<PartsOf<Settings>>,
    app: NestFastifyApplication,
  ) => readonly BackgroundLoop[];
  /** Background work of a worker, beside the relay of the outbox that every service with messages has. */
  readonly work?: (
    parts: Required<PartsOf<Settings>>,
    app: NestFastifyApplication,
  ) => readonly BackgroundLoop[];
  /** Routes of its own on the bare HTTP server, before it listens (the gateway). */
  readonly serve?: (app: NestFastifyApplication, parts: PartsOf<Settings>) => Promise<void>;
  /** Where the keys come from; identity's JWKS when not given. */
  readonly keys?: (settings: Settings) => KeySource;
}

/** Says what a service is made of; `main.ts` runs it, and contract tests open it. */
export const defineService = <Settings extends ServiceSettings>(
  definition: ServiceDefinition<Settings>,
): ServiceDefinition<Settings> => definition;
