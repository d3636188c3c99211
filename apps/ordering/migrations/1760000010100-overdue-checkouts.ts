import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Overdue checkouts are counted every few seconds. */
export class OverdueCheckouts1760000010100 implements MigrationInterface {
  readonly name = 'OverdueCheckouts1760000010100';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      'CREATE INDEX open_checkouts_overdue ON open_checkouts (overdue_since) WHERE overdue_since IS NOT NULL',
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX open_checkouts_overdue');
  }
}
