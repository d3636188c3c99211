import type { MigrationInterface, QueryRunner } from 'typeorm';

export class IdentityTables1760000002000 implements MigrationInterface {
  readonly name = 'IdentityTables1760000002000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE accounts (
        id uuid PRIMARY KEY,
        email text NOT NULL UNIQUE,
        name text NOT NULL,
        kind text NOT NULL CHECK (kind IN ('customer', 'staff')),
        password_hash text NOT NULL,
        version int NOT NULL
      );
      CREATE TABLE sessions (
        sid uuid PRIMARY KEY,
        account_id uuid NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
        refresh_hash text NOT NULL,
        expires_at timestamptz NOT NULL,
        ended_at timestamptz,
        version int NOT NULL
      );
      CREATE TABLE clients (
        id text PRIMARY KEY,
        secret_hash text NOT NULL,
        version int NOT NULL
      );
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE clients, sessions, accounts');
  }
}
