import type { MigrationInterface, QueryRunner } from 'typeorm';

export class FailedSignIns1760000030000 implements MigrationInterface {
  readonly name = 'FailedSignIns1760000030000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE failed_sign_ins (
        key text PRIMARY KEY,
        count int NOT NULL,
        started_at timestamptz NOT NULL,
        refused_until timestamptz NOT NULL,
        version int NOT NULL
      );
      ALTER TABLE sessions ADD COLUMN address_hash text;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE failed_sign_ins; ALTER TABLE sessions DROP COLUMN address_hash');
  }
}
