import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The log. The app role may insert and read events, and neither change nor delete them. */
class EventStoreTables1760000001000 implements MigrationInterface {
  readonly name = 'EventStoreTables1760000001000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE streams (
        stream text PRIMARY KEY,
        version int NOT NULL
      );
      CREATE TABLE events (
        stream text NOT NULL,
        version int NOT NULL,
        id uuid NOT NULL UNIQUE,
        type text NOT NULL,
        data jsonb NOT NULL,
        metadata jsonb NOT NULL,
        time timestamptz NOT NULL,
        PRIMARY KEY (stream, version)
      );
      CREATE TABLE feed (
        position bigint PRIMARY KEY,
        stream text NOT NULL,
        version int NOT NULL
      );
      CREATE TABLE feed_end (
        only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
        position bigint NOT NULL
      );
      INSERT INTO feed_end (position) VALUES (0);
      CREATE TABLE checkpoints (
        name text PRIMARY KEY,
        position bigint NOT NULL,
        version int NOT NULL
      );
      DO $$ DECLARE app text := current_database() || '_app';
      BEGIN
        IF EXISTS (SELECT FROM pg_roles WHERE rolname = app) THEN
          EXECUTE format('REVOKE UPDATE, DELETE, TRUNCATE ON events, feed FROM %I', app);
        END IF;
      END $$;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE checkpoints, feed_end, feed, events, streams');
  }
}

/** Lets a projection be paused. */
class PausedProjections1760000004000 implements MigrationInterface {
  readonly name = 'PausedProjections1760000004000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE checkpoints ADD COLUMN paused_since timestamptz');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE checkpoints DROP COLUMN paused_since');
  }
}

/** Snapshots of deciders that enable them. They can be deleted: a state follows from its events. */
class Snapshots1760000005000 implements MigrationInterface {
  readonly name = 'Snapshots1760000005000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE snapshots (
        stream text PRIMARY KEY,
        version int NOT NULL,
        format int NOT NULL,
        state jsonb NOT NULL
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE snapshots');
  }
}

/** The tables that the database of an event-sourced service has in addition to its own. */
export const eventStoreMigrations = [
  EventStoreTables1760000001000,
  PausedProjections1760000004000,
  Snapshots1760000005000,
];
