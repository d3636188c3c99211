import type { KeySource } from '@fieldguide/auth';
import type { ConfigClass } from '@fieldguide/config';
import type { BackgroundLoop, Retention, UnitOfWork } from '@fieldguide/database';
import type { CurrentState } from '@fieldguide/messaging';
import type { Type } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { MigrationInterface } from 'typeorm';
import type { PartsOf } from './parts.ts';
import type { ServiceSettings } from './settings.ts';

/** Declares a service in its `main.ts`. */
export interface ServiceDefinition<Settings extends ServiceSettings> {
  readonly name: string;
  readonly config: ConfigClass<Settings>;
  readonly module: Type;
  /** Has external callers, whose trace headers are not adopted. */
  readonly isEdge?: boolean;
  readonly database?: {
    readonly entities: readonly (new () => object)[];
    readonly migrations: readonly (new () => MigrationInterface)[];
    /** Republishes the current state of a key of a compacted topic. */
    readonly currentState?: CurrentState;
    /** Retention of further tables, in addition to those of every service. */
    readonly retention?: (settings: Settings) => readonly Retention[];
    /** Inserts seed data in one unit of work; must be idempotent. */
    readonly seed?: (uow: UnitOfWork, settings: Settings) => Promise<void>;
  };
  /** One-off tasks in addition to migrate and seed: `node main.cjs <name> <argument>` prints what it returns. */
  readonly tasks?: Readonly<Record<string, ServiceTask<Settings>>>;
  /** Loops of every process, which maintain its in-memory state. */
  readonly everywhere?: (
    parts: Required<PartsOf<Settings>>,
    app: NestFastifyApplication,
  ) => readonly BackgroundLoop[];
  /** Background loops of workers, in addition to the outbox relay. */
  readonly work?: (
    parts: Required<PartsOf<Settings>>,
    app: NestFastifyApplication,
  ) => readonly BackgroundLoop[];
  /** Registers further routes on the HTTP server before it listens (the gateway). */
  readonly serve?: (app: NestFastifyApplication, parts: PartsOf<Settings>) => Promise<void>;
  /** Source of the token keys; identity's JWKS by default. */
  readonly keys?: (settings: Settings) => KeySource;
}

/** A task of a service with a database, which is open. @returns its result, as a sentence */
export type ServiceTask<Settings> = (
  parts: Required<PartsOf<Settings>>,
  argument?: string,
) => Promise<string>;

/** Declares a service; `main.ts` runs it, and contract tests open it. */
export const defineService = <Settings extends ServiceSettings>(
  definition: ServiceDefinition<Settings>,
): ServiceDefinition<Settings> => definition;
