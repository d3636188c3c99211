import type { MigrationInterface, QueryRunner } from 'typeorm';

export class ClientSid1760000033000 implements MigrationInterface {
  readonly name = 'ClientSid1760000033000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      'ALTER TABLE clients ADD COLUMN sid uuid NOT NULL DEFAULT gen_random_uuid()',
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE clients DROP COLUMN sid');
  }
}
