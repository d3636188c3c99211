// What an event-sourced service uses. The classes behind it are in `@fieldguide/event-store/parts`.
export { countEvents } from './count-events.ts';
export {
  type Decider,
  type DomainCommand,
  type DomainEvent,
  type EventsOf,
  replay,
} from './decider.ts';
export { EventStoreModule } from './event-store.module.ts';
export {
  type CommandResult,
  EventStore,
  type LoadedStream,
  type RecordedEvent,
  WrongExpectedVersionError,
} from './event-store.ts';
export type { Upcasters } from './formats.ts';
export type { MultiStreamProjection, Projection } from './projection.ts';
export { ProjectionsModule, projectionAdvanced } from './projections.module.ts';
