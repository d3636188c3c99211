import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CatalogTables1760000002000 implements MigrationInterface {
  readonly name = 'CatalogTables1760000002000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE products (
        id uuid PRIMARY KEY,
        sku text NOT NULL UNIQUE,
        name text NOT NULL,
        description text NOT NULL,
        category text NOT NULL,
        price_minor bigint NOT NULL CHECK (price_minor >= 0),
        currency char(3) NOT NULL,
        retired boolean NOT NULL,
        updated_at timestamptz NOT NULL,
        version int NOT NULL
      );
      CREATE INDEX products_by_category ON products (category, id);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE products');
  }
}
