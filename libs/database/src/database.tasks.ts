import { Task } from '@fieldguide/workers';
import { Injectable, Optional } from '@nestjs/common';
import { Database } from './database.ts';
import { type UnitOfWork, UnitOfWorkRunner } from './unit-of-work.ts';

/** Inserts what a service needs to be usable, in one unit of work; must be idempotent. */
export abstract class Seeder {
  abstract seed(uow: UnitOfWork): Promise<void>;
}

@Injectable()
export class MigrateTask extends Task {
  override readonly name = 'migrate';

  constructor(private readonly database: Database) {
    super();
  }

  override async run(): Promise<string> {
    await this.database.migrate();
    return '';
  }
}

@Injectable()
export class SeedTask extends Task {
  override readonly name = 'seed';

  constructor(
    private readonly units: UnitOfWorkRunner,
    @Optional() private readonly seeder?: Seeder,
  ) {
    super();
  }

  override async run(): Promise<string> {
    await this.units.run(async (uow) => this.seeder?.seed(uow));
    return '';
  }
}
