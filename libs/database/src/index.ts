// What a service uses. The classes behind it are in `@fieldguide/database/parts`.
export { DatabaseModule } from './database.module.ts';
export { Seeder } from './database.tasks.ts';
export { Database } from './database.ts';
export { GroupedUnitsOfWork } from './grouped-units.ts';
export { createIndexConcurrently } from './migrate.ts';
export { Retention } from './prune.ts';
export { isTransient } from './transient.ts';
export {
  type Causation,
  ConcurrencyError,
  type EntityClass,
  UnitOfWork,
  UnitOfWorkRunner,
  type Versioned,
} from './unit-of-work.ts';
