import { DatabaseTables1760000000000 } from './database-tables.migration.ts';
import { DeadLetterBytes1760000011000 } from './dead-letter-bytes.migration.ts';
import { OutboxTimes1760000010000 } from './outbox-times.migration.ts';

/** The migrations of the tables that every service's database has. */
export const databaseMigrations = [
  DatabaseTables1760000000000,
  OutboxTimes1760000010000,
  DeadLetterBytes1760000011000,
];
