import type { MigrationInterface, QueryRunner } from 'typeorm';

export class ChangedProducts1760000002001 implements MigrationInterface {
  readonly name = 'ChangedProducts1760000002001';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE changed_products (
        id uuid PRIMARY KEY,
        data jsonb NOT NULL,
        published_at timestamptz NOT NULL,
        version int NOT NULL
      )
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE changed_products');
  }
}
