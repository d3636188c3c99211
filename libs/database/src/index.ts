export {
  type BackgroundLoop,
  type LoopSettings,
  startLeasedWorker,
  startWorker,
} from './background-loop.ts';
export { type BatchUpsert, batchUpsert } from './batch-upsert.ts';
export { Database, type DatabaseSettings } from './database.ts';
export { DatabaseTables1760000000000 } from './database-tables.migration.ts';
export { DedicatedConnection } from './dedicated-connection.ts';
export type { Causation, Envelope, NewMessage } from './envelope.ts';
export type { Exclusive } from './exclusive.ts';
export { type Lease, type LeaseAttempt, LeaseLostError, Leases } from './leases.ts';
export { MemoryUnitOfWorkRunner } from './memory-unit-of-work.ts';
export { DeadLetter, type DeadLetterOutcome, OutboxMessage } from './message-tables.entity.ts';
export { createIndexConcurrently } from './migrate.ts';
export { databaseMigrations } from './migrations.ts';
export { MemoryNotifier, Notifier, PostgresNotifier } from './notifier.ts';
export { PostgresUnitOfWork, PostgresUnitOfWorkRunner } from './postgres-unit-of-work.ts';
export { handledDeadLetters, inboxRetention, pruneNext, type Retention } from './prune.ts';
export { isTransient } from './transient.ts';
export {
  ConcurrencyError,
  type EntityClass,
  type RunOptions,
  UnitOfWork,
  UnitOfWorkRunner,
  type Versioned,
} from './unit-of-work.ts';
