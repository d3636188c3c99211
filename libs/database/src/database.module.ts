import { Clock, Ids } from '@fieldguide/clock';
import {
  Config,
  ConfigModule,
  instancesOf,
  ProcessConfig,
  Runtime,
  ServiceOptions,
  secret,
} from '@fieldguide/config';
import { Health, metrics } from '@fieldguide/telemetry';
import { Leases, Notifier } from '@fieldguide/workers';
import {
  type DynamicModule,
  Global,
  Module,
  type OnApplicationShutdown,
  type OnModuleInit,
  type Provider,
  type Type,
} from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import type { MigrationInterface } from 'typeorm';
import { z } from 'zod';
import { MigrateTask, Seeder, SeedTask } from './database.tasks.ts';
import { Database } from './database.ts';
import { DatabaseTables1760000000000 } from './database-tables.migration.ts';
import { PostgresLeases } from './postgres-leases.ts';
import { PostgresNotifier } from './postgres-notifier.ts';
import { PostgresUnitOfWorkRunner } from './postgres-unit-of-work.ts';
import { Retention } from './prune.ts';
import { Pruning } from './pruning.ts';
import { UnitOfWorkRunner } from './unit-of-work.ts';

class DatabaseConfig extends Config(
  z.object({
    /** PostgreSQL with the app's role. */
    DATABASE_URL: secret(z.url({ protocol: /^postgres$/ })),
  }),
) {}

/** The tables of a module, with their migrations and the time that their rows are kept. */
export interface Tables {
  readonly entities: readonly Type[];
  readonly migrations: readonly Type<MigrationInterface>[];
  readonly retention?: readonly Retention[];
}

class RegisteredTables {
  constructor(readonly tables: Tables) {}
}

const registered = (tables: Tables): Provider[] => [
  { provide: Symbol('database:tables'), useValue: new RegisteredTables(tables) },
  ...(tables.retention ?? []).map((useValue) => ({
    provide: Symbol('database:retention'),
    useValue,
  })),
];

/** Holds the tables that another module registers. */
@Module({})
class DatabaseTablesModule {}

/**
 * The service's own PostgreSQL database: pool, units of work, leases, notifications, the tasks `migrate` and `seed`. An
 * instance does not start on a database that is older than its code.
 */
@Global()
@Module({})
export class DatabaseModule implements OnModuleInit, OnApplicationShutdown {
  #stopSampling: (() => void) | undefined;

  constructor(
    private readonly runtime: Runtime,
    private readonly database: Database,
    private readonly notifier: PostgresNotifier,
    health: Health,
  ) {
    health.register('database', () => database.query('SELECT 1').then(() => 'ok' as const));
  }

  /** @param seeder inserts what the service needs to be usable; it must be idempotent */
  static forRoot({
    seeder,
    ...tables
  }: Tables & { readonly seeder?: Type<Seeder> }): DynamicModule {
    return {
      module: DatabaseModule,
      imports: [ConfigModule.forFeature(DatabaseConfig)],
      providers: [
        ...providers,
        ...registered({
          ...tables,
          migrations: [DatabaseTables1760000000000, ...tables.migrations],
        }),
        ...(seeder ? [{ provide: Seeder, useClass: seeder }] : []),
      ],
      exports: [Database, UnitOfWorkRunner, Leases, Notifier],
    };
  }

  /** For a module with tables of its own in the service's database. */
  static forFeature(tables: Tables): DynamicModule {
    return { module: DatabaseTablesModule, providers: registered(tables) };
  }

  async onModuleInit(): Promise<void> {
    await this.database.open();
    this.#stopSampling = metrics.sampledBy(() => showPool(this.database));
    if (!this.runtime.isServing) return;
    await this.database.assertMigrated();
    await this.notifier.open();
  }

  async onApplicationShutdown(): Promise<void> {
    this.#stopSampling?.();
    await this.notifier.close();
    await this.database.close();
  }
}

function showPool({ poolUse: { used, idle, waiting, limit } }: Database): void {
  metrics.databaseConnections.set({ db_client_connection_state: 'used' }, used);
  metrics.databaseConnections.set({ db_client_connection_state: 'idle' }, idle);
  metrics.databaseRequestsPending.set(waiting);
  metrics.databaseConnectionLimit.set(limit);
}

const providers: Provider[] = [
  {
    provide: Database,
    inject: [DatabaseConfig, ProcessConfig, ModulesContainer],
    useFactory: (
      { DATABASE_URL: url }: DatabaseConfig,
      { INSTANCE: name }: ProcessConfig,
      modules: ModulesContainer,
    ) => {
      const all = instancesOf(modules, RegisteredTables).map(({ tables }) => tables);
      const entities = all.flatMap((each) => each.entities);
      const migrations = all.flatMap((each) => each.migrations);
      return new Database({ url, name, entities, migrations });
    },
  },
  {
    provide: PostgresNotifier,
    inject: [Clock, DatabaseConfig],
    useFactory: (clock: Clock, { DATABASE_URL }: DatabaseConfig) =>
      new PostgresNotifier(clock, DATABASE_URL),
  },
  { provide: Notifier, useExisting: PostgresNotifier },
  {
    provide: UnitOfWorkRunner,
    inject: [Database, ServiceOptions, Clock, Ids, Notifier],
    useFactory: (
      database: Database,
      { name: service }: ServiceOptions,
      clock: Clock,
      ids: Ids,
      notifier: Notifier,
    ) => new PostgresUnitOfWorkRunner(database, { service, clock, ids }, notifier),
  },
  {
    provide: Leases,
    inject: [Database, ProcessConfig],
    useFactory: (database: Database, { INSTANCE }: ProcessConfig) =>
      new PostgresLeases(database, INSTANCE),
  },
  Pruning,
  MigrateTask,
  SeedTask,
];
