// The classes that EventStoreModule and ProjectionsModule provide, for tests, benches and libs.
export { decide, type Snapshots } from './decider.ts';
export type {
  AppendRequest,
  CommandOptions,
  ExpectedVersion,
  ReadOptions,
  Snapshot,
  SubscribedEvent,
} from './event-store.ts';
export { eventStoreMigrations } from './event-store-tables.migration.ts';
export { Formats, UnknownEventFormatError, type Upcast } from './formats.ts';
export { AppendOutcomeUnknownError, EventStoreOverloadedError } from './group-commit.ts';
export { MemoryEventStore } from './memory-event-store.ts';
export { PostgresEventStore } from './postgres-event-store.ts';
export { applyEvents, Checkpoint, pause, runBatch } from './projection.ts';
export { type RebuildProgress, rebuild } from './rebuild.ts';
