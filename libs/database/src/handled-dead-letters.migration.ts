import type { MigrationInterface, QueryRunner } from 'typeorm';

/** When a dead letter was redriven or discarded, and an index for pruning those that were. */
export class HandledDeadLetters1760000012000 implements MigrationInterface {
  readonly name = 'HandledDeadLetters1760000012000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE dead_letters ADD COLUMN IF NOT EXISTS handled_at timestamptz;
      CREATE INDEX dead_letters_handled ON dead_letters (handled_at) WHERE handled_at IS NOT NULL;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX dead_letters_handled');
  }
}
