export { type BatchUpsert, batchUpsert } from './batch-upsert.ts';
export { DatabaseModule } from './database.module.ts';
export { Seeder } from './database.tasks.ts';
export { Database, type DatabaseSettings } from './database.ts';
export { DatabaseTables1760000000000 } from './database-tables.migration.ts';
export { DedicatedConnection } from './dedicated-connection.ts';
export type { Causation, Envelope, NewMessage } from './envelope.ts';
export type { Exclusive } from './exclusive.ts';
export { MemoryUnitOfWorkRunner } from './memory-unit-of-work.ts';
export { DeadLetter, type DeadLetterOutcome, OutboxMessage } from './message-tables.entity.ts';
export { createIndexConcurrently } from './migrate.ts';
export { databaseMigrations } from './migrations.ts';
export { PostgresLeases } from './postgres-leases.ts';
export { PostgresNotifier } from './postgres-notifier.ts';
export { PostgresUnitOfWork, PostgresUnitOfWorkRunner } from './postgres-unit-of-work.ts';
export { handledDeadLetters, inboxRetention, pruneNext, Retention } from './prune.ts';
export { isTransient } from './transient.ts';
export {
  ConcurrencyError,
  type EntityClass,
  type RunOptions,
  UnitOfWork,
  UnitOfWorkRunner,
  type Versioned,
} from './unit-of-work.ts';
