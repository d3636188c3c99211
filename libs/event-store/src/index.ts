export {
  type Decider,
  type DomainCommand,
  type DomainEvent,
  decide,
  type EventsOf,
  replay,
  type Snapshots,
} from './decider.ts';
export { EventStoreModule } from './event-store.module.ts';
export {
  type AppendRequest,
  type CommandOptions,
  type CommandResult,
  EventStore,
  type ExpectedVersion,
  type LoadedStream,
  type ReadOptions,
  type RecordedEvent,
  type Snapshot,
  type SubscribedEvent,
  WrongExpectedVersionError,
} from './event-store.ts';
export { eventStoreMigrations } from './event-store-tables.migration.ts';
export { Formats, UnknownEventFormatError, type Upcast, type Upcasters } from './formats.ts';
export { AppendOutcomeUnknownError, EventStoreOverloadedError } from './group-commit.ts';
export { MemoryEventStore } from './memory-event-store.ts';
export { PostgresEventStore } from './postgres-event-store.ts';
export {
  applyEvents,
  Checkpoint,
  type Projection,
  pause,
  runBatch,
} from './projection.ts';
export { ProjectionsModule, projectionAdvanced } from './projections.module.ts';
export {
  type RebuildProgress,
  rebuild,
} from './rebuild.ts';
