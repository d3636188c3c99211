export {
  type Decider,
  type DomainCommand,
  type DomainEvent,
  decide,
  replay,
} from './decider.ts';
export {
  type AppendRequest,
  EventStore,
  type ExpectedVersion,
  type Handled,
  type ReadOptions,
  type RecordedEvent,
  StreamMovedOn,
} from './event-store.ts';
export { EventStoreTables1760000001000 } from './event-store-tables.migration.ts';
export { feedSource } from './feed-source.ts';
export { AppendUnknown, StoreBusy } from './group-commit.ts';
export { MemoryEventStore } from './memory-event-store.ts';
export { PostgresEventStore } from './postgres-event-store.ts';
export { Checkpoint, type Projection, projectNext } from './projection.ts';
export { type Rebuildable, type RebuildProgress, rebuild, rebuildable } from './rebuild.ts';
