export {
  type BackgroundLoop,
  type LoopSettings,
  startLeasedLoop,
  startLoop,
} from './background-loop.ts';
export { type BatchUpsert, batchUpsert } from './batch-upsert.ts';
export { Database, type DatabaseSettings } from './database.ts';
export { DatabaseTables1760000000000 } from './database-tables.migration.ts';
export { OwnConnection } from './dedicated-connection.ts';
export type { Cause, Envelope, NewMessage } from './envelope.ts';
export type { Exclusive } from './exclusive.ts';
export { type Held, type Lease, LeaseLost, Leases } from './leases.ts';
export { MemoryUnitsOfWork } from './memory-unit-of-work.ts';
export { DeadLetter, type DeadLetterOutcome, OutboxMessage } from './message-tables.entity.ts';
export { createIndexConcurrently } from './migrate.ts';
export { databaseMigrations } from './migrations.ts';
export { MemoryWakeups, PostgresWakeups, Wakeups } from './notifier.ts';
export { PostgresUnitOfWork, PostgresUnitsOfWork } from './postgres-unit-of-work.ts';
export { handledDeadLetters, inboxRetention, pruneNext, type Retention } from './prune.ts';
export { isTransient } from './transient.ts';
export { MovedOn, type Table, UnitOfWork, UnitsOfWork, type Versioned } from './unit-of-work.ts';
