import type { MigrationInterface, QueryRunner } from 'typeorm';

export class VoidedPayments1760000003000 implements MigrationInterface {
  readonly name = 'VoidedPayments1760000003000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE payments ADD COLUMN voids int NOT NULL DEFAULT 0');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE payments DROP COLUMN voids');
  }
}
