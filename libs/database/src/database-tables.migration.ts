import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The table that every service's database has in addition to its own. */
export class DatabaseTables1760000000000 implements MigrationInterface {
  readonly name = 'DatabaseTables1760000000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE leases (
        name text PRIMARY KEY,
        holder text NOT NULL,
        epoch bigint NOT NULL,
        expires_at timestamptz NOT NULL
      );
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE leases');
  }
}
