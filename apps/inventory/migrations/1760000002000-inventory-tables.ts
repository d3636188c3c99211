import type { MigrationInterface, QueryRunner } from 'typeorm';

export class InventoryTables1760000002000 implements MigrationInterface {
  readonly name = 'InventoryTables1760000002000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE stock (
        product_id uuid PRIMARY KEY,
        on_hand_units int NOT NULL CHECK (on_hand_units >= 0),
        reserved_units int NOT NULL CHECK (reserved_units BETWEEN 0 AND on_hand_units),
        version int NOT NULL
      );
      CREATE TABLE reservations (
        order_id uuid PRIMARY KEY,
        status text NOT NULL,
        lines jsonb NOT NULL,
        version int NOT NULL
      );
      CREATE TABLE replenishments (
        id uuid PRIMARY KEY,
        product_id uuid NOT NULL,
        units int NOT NULL,
        version int NOT NULL
      );
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE replenishments, reservations, stock');
  }
}
