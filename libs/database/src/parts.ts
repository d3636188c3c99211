// The classes that DatabaseModule provides, for tests, benches and libs with tables of their own.
export { DatabaseTables1760000000000 } from './database-tables.migration.ts';
export { DedicatedConnection } from './dedicated-connection.ts';
export type { Exclusive } from './exclusive.ts';
export { MemoryUnitOfWorkRunner } from './memory-unit-of-work.ts';
export { PostgresLeases } from './postgres-leases.ts';
export { PostgresNotifier } from './postgres-notifier.ts';
export { PostgresUnitOfWork, PostgresUnitOfWorkRunner } from './postgres-unit-of-work.ts';
export { pruneNext } from './prune.ts';
export { TableStatements } from './table-statements.ts';
