// The classes that EventStoreModule and ProjectionsModule provide, for tests, benches and libs.
export type { SubscribedEvent, SubscriptionPage } from './event-store.ts';
export { eventStoreMigrations } from './event-store-tables.migration.ts';
export { Formats } from './formats.ts';
export { EventStoreOverloadedError } from './group-commit.ts';
export { MemoryEventStore } from './memory-event-store.ts';
export { PostgresEventStore } from './postgres-event-store.ts';
export { applyEvents } from './projection.ts';
export { Checkpoint, ProjectionRunner, pause, runBatch } from './projection-runner.ts';
export { rebuild } from './rebuild.ts';
