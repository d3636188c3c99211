export { subscriptionBacklog } from './backlog.ts';
export {
  type Decider,
  type DomainCommand,
  type DomainEvent,
  decide,
  type EventsOf,
  replay,
  type Snapshots,
} from './decider.ts';
export { type EventTranslation, EventUnknown, feedSource, translate } from './event-feed-reader.ts';
export {
  type AppendRequest,
  EventStore,
  type ExpectedVersion,
  type Handled,
  type ReadOptions,
  type RecordedEvent,
  type Snapshot,
  StreamMovedOn,
} from './event-store.ts';
export { eventStoreMigrations } from './event-store-tables.migration.ts';
export { Formats, FormatUnknown, type Upcast, type Upcasters } from './formats.ts';
export { AppendUnknown, StoreBusy } from './group-commit.ts';
export { MemoryEventStore } from './memory-event-store.ts';
export { PostgresEventStore } from './postgres-event-store.ts';
export { Checkpoint, type Projection, pause, project, projectNext } from './projection.ts';
export { type Rebuildable, type RebuildProgress, rebuild, rebuildable } from './rebuild.ts';
