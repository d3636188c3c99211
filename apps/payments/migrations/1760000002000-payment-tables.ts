import type { MigrationInterface, QueryRunner } from 'typeorm';

export class PaymentTables1760000002000 implements MigrationInterface {
  readonly name = 'PaymentTables1760000002000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE payments (
        order_id uuid PRIMARY KEY,
        payment_id uuid NOT NULL,
        status text NOT NULL,
        amount_minor bigint NOT NULL CHECK (amount_minor >= 0),
        currency char(3) NOT NULL,
        token text NOT NULL,
        call_due_at timestamptz,
        attempts int NOT NULL,
        cause jsonb NOT NULL,
        version int NOT NULL
      );
      CREATE INDEX payments_to_call ON payments (call_due_at) WHERE call_due_at IS NOT NULL;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE payments');
  }
}
