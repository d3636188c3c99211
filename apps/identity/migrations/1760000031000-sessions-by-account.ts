import { createIndexConcurrently } from '@fieldguide/database';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** For the list of a customer's sessions, and for the check whether an address is known. */
export class SessionsByAccount1760000031000 implements MigrationInterface {
  readonly name = 'SessionsByAccount1760000031000';
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    await createIndexConcurrently(runner, 'sessions_account', 'ON sessions (account_id)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX sessions_account');
  }
}
