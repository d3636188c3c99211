import type { MigrationInterface, QueryRunner } from 'typeorm';

export class ReviewsTables1760000002000 implements MigrationInterface {
  readonly name = 'ReviewsTables1760000002000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE reviews (
        id uuid PRIMARY KEY,
        text text NOT NULL,
        status text NOT NULL,
        created_at timestamptz NOT NULL,
        version int NOT NULL
      )
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE reviews');
  }
}
