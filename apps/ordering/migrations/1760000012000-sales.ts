import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Empty: without a checkpoint, the projection starts at the beginning of the log and fills it while the service runs. */
export class Sales1760000012000 implements MigrationInterface {
  readonly name = 'Sales1760000012000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE sales (
        key text COLLATE "C" PRIMARY KEY,
        day text COLLATE "C" NOT NULL,
        product_id uuid NOT NULL,
        currency text NOT NULL,
        name text NOT NULL,
        orders int NOT NULL,
        units int NOT NULL,
        revenue_minor bigint NOT NULL,
        cancelled_units int NOT NULL,
        version int NOT NULL
      )
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query("DROP TABLE sales; DELETE FROM checkpoints WHERE name = 'sales'");
  }
}
