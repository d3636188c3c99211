import type { MigrationInterface, QueryRunner } from 'typeorm';

/** With defaults: instances of the version before insert rows without these columns during an update. */
export class SessionRotation1760000032000 implements MigrationInterface {
  readonly name = 'SessionRotation1760000032000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE sessions
        ADD COLUMN device text,
        ADD COLUMN begun_at timestamptz NOT NULL DEFAULT now(),
        ADD COLUMN refreshed_at timestamptz NOT NULL DEFAULT now(),
        ADD COLUMN previous_hash text,
        ADD COLUMN rotation_salt text;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE sessions DROP COLUMN device, DROP COLUMN begun_at, DROP COLUMN refreshed_at,
        DROP COLUMN previous_hash, DROP COLUMN rotation_salt;
    `);
  }
}
