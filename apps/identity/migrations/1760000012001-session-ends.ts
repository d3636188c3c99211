import { createIndexConcurrently } from '@fieldguide/database';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** For pruning: a session is over when it has ended or expired, whichever came first. */
export class SessionEnds1760000012001 implements MigrationInterface {
  readonly name = 'SessionEnds1760000012001';
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    await createIndexConcurrently(
      runner,
      'sessions_end',
      'ON sessions (least(expires_at, ended_at))',
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX sessions_end');
  }
}
