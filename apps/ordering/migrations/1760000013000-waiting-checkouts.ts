import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Every instance counts the checkouts that wait for inventory or payments once a second. */
export class WaitingCheckouts1760000013000 implements MigrationInterface {
  readonly name = 'WaitingCheckouts1760000013000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `CREATE INDEX open_checkouts_waiting ON open_checkouts (step)
       WHERE step IN ('placed', 'awaitingPayment')`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX open_checkouts_waiting');
  }
}
