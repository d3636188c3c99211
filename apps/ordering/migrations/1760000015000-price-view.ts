import type { MigrationInterface, QueryRunner } from 'typeorm';

export class PriceView1760000015000 implements MigrationInterface {
  readonly name = 'PriceView1760000015000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE price_view (
        topic text PRIMARY KEY,
        caught_up_at timestamptz NOT NULL,
        version int NOT NULL
      )
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE price_view');
  }
}
