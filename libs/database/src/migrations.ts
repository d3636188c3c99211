import { DatabaseTables1760000000000 } from './database-tables.migration.ts';
import { HandledDeadLetters1760000012000 } from './handled-dead-letters.migration.ts';
import { OutboxTimes1760000010000 } from './outbox-times.migration.ts';

/** Of the tables that every service's database has. */
export const databaseMigrations = [
  DatabaseTables1760000000000,
  OutboxTimes1760000010000,
  HandledDeadLetters1760000012000,
];
