import type { MigrationInterface, QueryRunner } from 'typeorm';

export class OrderingTables1760000002000 implements MigrationInterface {
  readonly name = 'OrderingTables1760000002000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE order_summary (
        order_id uuid PRIMARY KEY,
        customer_id uuid NOT NULL,
        status text NOT NULL,
        status_reason text,
        lines jsonb NOT NULL,
        total jsonb NOT NULL,
        payment_status text NOT NULL,
        shipment jsonb,
        placed_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL,
        stream_version int NOT NULL,
        version int NOT NULL
      );
      CREATE INDEX order_summary_of_customer ON order_summary (customer_id, placed_at DESC, order_id DESC);
      CREATE INDEX order_summary_newest ON order_summary (placed_at DESC, order_id DESC);
      CREATE TABLE product_prices (
        product_id uuid PRIMARY KEY,
        name text NOT NULL,
        price jsonb NOT NULL,
        retired boolean NOT NULL,
        revision int NOT NULL,
        version int NOT NULL
      );
      CREATE TABLE delivery_addresses (
        order_id uuid PRIMARY KEY,
        customer_id uuid NOT NULL,
        ship_to jsonb NOT NULL,
        version int NOT NULL
      );
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE delivery_addresses, product_prices, order_summary');
  }
}
