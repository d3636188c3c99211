// What a service uses. The classes behind it are in `@fieldguide/database/parts`.
export { DatabaseModule } from './database.module.ts';
export { Seeder } from './database.tasks.ts';
export { Database } from './database.ts';
export type { Causation, Envelope, NewMessage } from './envelope.ts';
export { createIndexConcurrently } from './migrate.ts';
export { Retention } from './prune.ts';
export { isTransient } from './transient.ts';
export {
  ConcurrencyError,
  type EntityClass,
  UnitOfWork,
  UnitOfWorkRunner,
  type Versioned,
} from './unit-of-work.ts';
