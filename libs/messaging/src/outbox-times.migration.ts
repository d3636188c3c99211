import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Records when a message was written to the outbox. Older versions insert without the column and get the default. */
export class OutboxTimes1760000010000 implements MigrationInterface {
  readonly name = 'OutboxTimes1760000010000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      'ALTER TABLE outbox ADD COLUMN created_at timestamptz NOT NULL DEFAULT now()',
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE outbox DROP COLUMN created_at');
  }
}
