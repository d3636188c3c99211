import type { TestProject } from 'vitest/node';
import { openPostgres } from './contracts/postgres.ts';
import { withoutFsync } from './without-fsync.ts';

/** Starts PostgreSQL for the contract tests of the providers. */
export default async function setup(project: TestProject) {
  const postgres = await openPostgres('pact');
  if (postgres.pid !== undefined) await withoutFsync(postgres.url);
  project.provide('postgres', postgres.url);
  return () => postgres.close();
}
