import type { MigrationInterface, QueryRunner } from 'typeorm';

export class OpenCheckouts1760000003000 implements MigrationInterface {
  readonly name = 'OpenCheckouts1760000003000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE open_checkouts (
        order_id uuid PRIMARY KEY,
        step text NOT NULL,
        waits_since timestamptz NOT NULL,
        deadline_at timestamptz NOT NULL,
        overdue_since timestamptz,
        retries int NOT NULL,
        version int NOT NULL
      );
      CREATE INDEX open_checkouts_due ON open_checkouts (deadline_at);
      -- Orders that were under way before there were deadlines get one, too.
      INSERT INTO open_checkouts
      SELECT order_id, status, updated_at, now() + interval '1 hour', NULL, 0, 1
      FROM order_summary WHERE status IN ('placed', 'awaitingPayment', 'confirmed', 'dispatched');
      CREATE TABLE erased_customers (
        customer_id uuid PRIMARY KEY,
        erased_at timestamptz NOT NULL,
        sweep_due_at timestamptz,
        version int NOT NULL
      );
      CREATE INDEX delivery_addresses_of_customer ON delivery_addresses (customer_id);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP INDEX delivery_addresses_of_customer;
      DROP TABLE erased_customers, open_checkouts;
    `);
  }
}
