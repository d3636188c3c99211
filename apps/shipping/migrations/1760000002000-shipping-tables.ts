import type { MigrationInterface, QueryRunner } from 'typeorm';

export class ShippingTables1760000002000 implements MigrationInterface {
  readonly name = 'ShippingTables1760000002000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE shipments (
        order_id uuid PRIMARY KEY,
        shipment_id uuid NOT NULL,
        status text NOT NULL,
        dispatch_due_at timestamptz,
        dispatched_at timestamptz,
        tracking_number text,
        cause jsonb NOT NULL,
        version int NOT NULL
      );
      CREATE INDEX shipments_to_dispatch ON shipments (dispatch_due_at) WHERE dispatch_due_at IS NOT NULL;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE shipments');
  }
}
