import pg from 'pg';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { Database, type DatabaseSettings } from '../database.ts';

export { limits } from '../bounded-client.ts';
export { StallingProxy } from './stalling-proxy.ts';

import { databaseMigrations } from '../migrations.ts';

/** Creates an empty, migrated database for one spec file; `close` it afterwards. */
export async function freshDatabase(
  adminUrl: string,
  name: string,
  settings: Partial<DatabaseSettings> = {},
): Promise<Database & { url: string }> {
  const admin = new pg.Client({ connectionString: adminUrl });
  await admin.connect();
  await admin.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  await admin.query(`CREATE DATABASE ${name}`);
  await admin.end();
  const url = new URL(adminUrl);
  url.pathname = `/${name}`;
  const database = new Database({
    url: url.href,
    entities: settings.entities ?? [],
    migrations: [...databaseMigrations, ...(settings.migrations ?? [])],
  });
  await database.open();
  await database.migrate();
  return Object.assign(database, { url: url.href });
}

/** A row for the suites, with a key, a number and a due time. */
@Entity('things')
export class Thing {
  @PrimaryColumn('text') id!: string;
  @Column('int') count = 0;
  @Column('timestamptz', { name: 'due_at', nullable: true }) dueAt: Date | null = null;
  @Column('int') version = 0;
}

export class ThingsTable1760000009000 {
  readonly name = 'ThingsTable1760000009000';

  async up(runner: { query(sql: string): Promise<unknown> }): Promise<void> {
    await runner.query(
      'CREATE TABLE things (id text PRIMARY KEY, count int NOT NULL, due_at timestamptz, version int NOT NULL)',
    );
  }

  async down(runner: { query(sql: string): Promise<unknown> }): Promise<void> {
    await runner.query('DROP TABLE things');
  }
}

export const thing = (id: string, more: Partial<Thing> = {}) =>
  Object.assign(new Thing(), { id, ...more });
